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
from rapport.engine.crm.conditions.fields import check, table_field
from rapport.engine.crm.conditions.grammar import Condition, EventMatch, FieldTest, walk
from rapport.engine.crm.conditions.logic import Truth, evaluate
from rapport.engine.crm.conditions.subject_conditions import key_of
from rapport.engine.crm.events import ANY, DERIVED, events, interactions, table_of
from rapport.engine.crm.tables import TABLES
from rapport.engine.runner import Runner
from rapport.engine.scores.points.event_classes import Classes, with_classes, with_outbound
from rapport.engine.scores.points.plan import INTERACTIONS, match_key

_OTHER = ""  # every type that no match names


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
        rows, classes = with_classes(
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
        rows, outbound = with_outbound(rows)
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
