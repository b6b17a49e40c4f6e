"""Each event with one small number that says which matches of a score it fulfils.

Text fields are looked at once per distinct value; what the tests say of it becomes a class, and
event type and classes together a code. So a row costs a few integer joins, however many criteria there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.column_tests import column_test
from rapport.engine.crm.conditions.fields import FieldRef, check, is_text_test, table_field
from rapport.engine.crm.conditions.grammar import Condition, EventMatch, FieldTest, walk
from rapport.engine.crm.conditions.logic import Truth, evaluate
from rapport.engine.crm.conditions.subject_conditions import key_of
from rapport.engine.crm.conditions.text_columns import distinct_texts
from rapport.engine.crm.conditions.text_tests import truths
from rapport.engine.crm.events import ANY, DERIVED, events, interactions, table_of
from rapport.engine.crm.history import json_text
from rapport.engine.crm.tables import TABLES
from rapport.engine.runner import Runner
from rapport.engine.scores.points.plan import INTERACTIONS, match_key

_OTHER = ""  # every type that no match names
_FEW = 27  # so many classes are tried without looking which ones occur

Vector = tuple[Truth, ...]


@dataclass(frozen=True)
class Classes:
    """What the tests on one field say, class by class.

    Attributes:
        types: event types whose rows are looked at; None for all.
        tests: the tests, by `key_of`; vectors[class][i] is what test i says.
        unread: the class of rows that are not looked at.
    """

    column: str
    types: frozenset[str] | None
    tests: tuple[str, ...]
    vectors: Mapping[int, Vector]
    unread: int

    @property
    def size(self) -> int:
        return max(self.vectors) + 1

    def of(self, event_type: str) -> Sequence[int]:
        """The classes that rows of a type may have."""
        return list(self.vectors) if self.types is None or event_type in self.types else [self.unread]


@dataclass(frozen=True)
class Coded:
    """Events of one source that some match may want.

    Attributes:
        rows: subject_id, id, occurred_at, code.
        matches: code -> keys (`match_key`) of the matches that the row fulfils; codes without any are left out.
    """

    rows: ir.Table
    matches: Mapping[int, frozenset[str]]


def coded_events(
    view: AsOf,
    source: str,
    matches: Sequence[EventMatch],
    *,
    subject: str,
    subjects: ir.Table | None,
    runner: Runner,
    needed_by: str,
    time_zone: str,
) -> Coded:
    """The events of `source` with their codes. `subjects` (subject_id): only theirs."""
    tests = {key_of(t): t for m in matches for t in walk(m.where) if isinstance(t, FieldTest)}
    refs = {t.field: table_field(t.field, TABLES[table_of(matches[0].event)]) for t in tests.values()}
    rows = _read(view, source, [ref.column for ref in refs.values()], subject, needed_by)
    if subjects is not None:
        rows = rows.semi_join(subjects, "subject_id")
    types = sorted({m.event for m in matches if m.event != ANY})
    rows = _with_type_code(rows, source, types, any_type=any(m.event == ANY for m in matches))
    found: list[Classes] = []
    for position, (path, ref) in enumerate(refs.items()):
        own = {key: test for key, test in tests.items() if test.field == path}
        for test in own.values():
            check(test, ref)
        rows, classes = _with_classes(
            rows,
            ref,
            own,
            _types_of(path, matches),
            f"_k{position}",
            view=view,
            runner=runner,
            time_zone=time_zone,
            stored=subjects is None,
        )
        found += classes
    if any(m.event == ANY for m in matches):
        rows, outbound = _with_outbound(rows)
        found.append(outbound)
    names = types if not any(m.event == ANY for m in matches) else [*types, _OTHER]
    return Coded(_with_code(rows, found), _matches_by_code(names, found, matches))


def _read(view: AsOf, source: str, columns: Sequence[str], subject: str, needed_by: str) -> ir.Table:
    columns = list(dict.fromkeys(columns))
    if source == INTERACTIONS:
        return interactions(view, columns=["type", *columns], subject=subject, needed_by=needed_by)
    return events(view, source, subject=subject, columns=columns, needed_by=needed_by)


def _with_type_code(rows: ir.Table, source: str, types: list[str], *, any_type: bool) -> ir.Table:
    """`_type_code`: position of the type in `types`; the last one for all others."""
    if source != INTERACTIONS:
        return rows.mutate(type=ibis.literal(source), _type_code=ibis.literal(0, type="int64"))
    if not types:
        return rows.mutate(_type_code=ibis.literal(0, type="int64"))
    table = ibis.memtable(
        pa.table({"_type": pa.array(types, pa.string()), "_type_code": pa.array(range(len(types)), pa.int64())})
    )
    if not any_type:
        return rows.filter(rows.type.isin(types)).join(table, [("type", "_type")]).drop("_type")
    joined = rows.left_join(table, [("type", "_type")])
    return joined.mutate(_type_code=ibis.coalesce(joined._type_code, len(types))).drop("_type")


def _types_of(path: str, matches: Sequence[EventMatch]) -> frozenset[str] | None:
    using = {m.event for m in matches for t in walk(m.where) if isinstance(t, FieldTest) and t.field == path}
    return None if ANY in using or using & set(DERIVED) else frozenset(using)


def _with_classes(
    rows: ir.Table,
    ref: FieldRef,
    tests: Mapping[str, FieldTest],
    types: frozenset[str] | None,
    name: str,
    *,
    view: AsOf,
    runner: Runner,
    time_zone: str,
    stored: bool,
) -> tuple[ir.Table, list[Classes]]:
    """`rows` with one class column for the text tests on a field and one for the others."""
    value = rows[ref.column]
    if types is not None:
        value = ibis.ifelse(rows.type.isin(sorted(types)), value, ibis.null(value.type()))
    rows = rows.mutate(**{f"{name}v": value})
    texts = {key: test for key, test in tests.items() if is_text_test(test, ref)}
    others = {key: test for key, test in tests.items() if key not in texts}
    classes = []
    if texts:
        values = _stored_texts(view, ref, types, runner) if stored else None
        if values is None:
            values = distinct_texts(rows, f"{name}v", runner)
        rows, one = _text_classes(rows, f"{name}v", texts, types, f"{name}t", values)
        classes.append(one)
    if others:
        columns = [
            column_test(test, rows[f"{name}v"], ref, as_of=view.at, time_zone=time_zone) for test in others.values()
        ]
        rows, one = _digit_classes(rows, columns, tuple(others), types, f"{name}d", runner)
        unknown = tuple(not t.present if t.test == "present" else None for t in others.values())
        classes.append(_with_unread(one, unknown))
    return rows, classes


def _stored_texts(view: AsOf, ref: FieldRef, types: frozenset[str] | None, runner: Runner) -> list[str] | None:
    """The values that a field of interactions ever had: more than as of the instant, but quick to read.

    None where only the view can tell (other tables, columns that no source maps).
    """
    rows = view.snapshot.tables.get(ref.table)
    column, _, key = ref.column.partition(".")
    if rows is None or ref.table != INTERACTIONS or not {column, "type"} <= set(rows.columns):
        return None
    if not key:
        return distinct_texts(rows, column, runner)
    if types is not None:
        rows = rows.filter(rows.type.isin(sorted(types)))
    return distinct_texts(rows.select(value=json_text(rows[column], key)), "value", runner)


def _text_classes(
    rows: ir.Table,
    column: str,
    tests: Mapping[str, FieldTest],
    types: frozenset[str] | None,
    name: str,
    values: Sequence[str],
) -> tuple[ir.Table, Classes]:
    """Class 0 for no value, 1 for values of which every test is false (a present test true), then as they come."""
    outcomes = truths(list(tests.values()), values)
    plain = tuple(t.test == "present" and bool(t.present) for t in tests.values())
    known = list(dict.fromkeys([plain, *outcomes]))
    number = {vector: position + 1 for position, vector in enumerate(known)}
    special = [(v, number[o]) for v, o in zip(values, outcomes, strict=True) if o != plain]
    table = ibis.memtable(
        pa.table(
            {
                "_text": pa.array([v for v, _ in special], pa.string()),
                name: pa.array([n for _, n in special], pa.int64()),
            }
        )
    )
    joined = rows.left_join(table, [(column, "_text")])
    of_row = ibis.ifelse(joined[column].isnull(), 0, ibis.coalesce(joined[name], 1))
    unknown = tuple((not t.present) if t.test == "present" else None for t in tests.values())
    vectors: dict[int, Vector] = {0: unknown, **{n: vector for vector, n in number.items()}}
    return joined.mutate(**{name: of_row}).drop("_text"), Classes(name, types, tuple(tests), vectors, 0)


def _digit_classes(
    rows: ir.Table,
    columns: Sequence[ir.BooleanValue],
    tests: tuple[str, ...],
    types: frozenset[str] | None,
    name: str,
    runner: Runner,
) -> tuple[ir.Table, Classes]:
    """One digit per test: 0 false, 1 true, 2 unknown."""
    total = ibis.literal(0, type="int64")
    for position, column in enumerate(columns):
        digit = ibis.ifelse(column.isnull(), 2, ibis.ifelse(column, 1, 0)).cast("int64")
        total = total + digit * 3**position
    rows = rows.mutate(**{name: total})
    numbers = range(3 ** len(columns))
    if len(numbers) > _FEW:
        numbers = runner.to_arrow(rows.select(name).distinct())[name].to_pylist()
    vectors = {n: tuple((False, True, None)[n // 3**i % 3] for i in range(len(columns))) for n in numbers}
    return rows, Classes(name, types, tests, vectors, 0)


def _with_unread(classes: Classes, unknown: Vector) -> Classes:
    """The class of rows without a value."""
    number = sum({False: 0, True: 1, None: 2}[truth] * 3**i for i, truth in enumerate(unknown))
    return Classes(classes.column, classes.types, classes.tests, {**classes.vectors, number: unknown}, number)


def _with_outbound(rows: ir.Table) -> tuple[ir.Table, Classes]:
    """Class 1 for what the company sent; `any` leaves it out."""
    rows = rows.mutate(_outbound=ibis.ifelse(ibis.coalesce(rows.direction == "outbound", False), 1, 0).cast("int64"))
    return rows, Classes("_outbound", None, ("outbound",), {0: (False,), 1: (True,)}, 0)


def _with_code(rows: ir.Table, classes: Sequence[Classes]) -> ir.Table:
    code = rows._type_code
    for one in classes:
        code = code * one.size + rows[one.column]
    return rows.select("subject_id", "id", "occurred_at", code=code)


def _matches_by_code(
    types: Sequence[str], classes: Sequence[Classes], matches: Sequence[EventMatch]
) -> Mapping[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for position, event_type in enumerate(types):
        for combination in product(*(one.of(event_type) for one in classes)):
            truth = {
                t: v
                for one, n in zip(classes, combination, strict=True)
                for t, v in zip(one.tests, one.vectors[n], strict=True)
            }
            fulfilled = frozenset(match_key(m) for m in matches if _fulfils(m, event_type, truth))
            if fulfilled:
                code = position
                for one, n in zip(classes, combination, strict=True):
                    code = code * one.size + n
                found[code] = fulfilled
    return found


def _fulfils(match: EventMatch, event_type: str, truth: Mapping[str, Truth]) -> bool:
    if match.event != event_type and not (match.event == ANY and not truth.get("outbound")):
        return False
    return match.where is None or evaluate(match.where, _looked_up(truth)) is True


def _looked_up(truth: Mapping[str, Truth]) -> Callable[[Condition], Truth]:
    return lambda part: truth[key_of(part)]
