"""What the tests on one field of events say, as a small number per row: a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.column_tests import column_test
from rapport.engine.crm.conditions.fields import FieldRef, is_text_test
from rapport.engine.crm.conditions.grammar import FieldTest
from rapport.engine.crm.conditions.logic import Truth
from rapport.engine.crm.conditions.text_columns import LaterTexts, Texts, distinct_texts, told
from rapport.engine.crm.conditions.text_tests import as_text, truths
from rapport.engine.crm.history import json_text
from rapport.engine.runner import Runner, Unforeseen
from rapport.engine.scores.points.plan import INTERACTIONS

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


def with_classes(
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


def _stored_texts(view: AsOf, ref: FieldRef, types: frozenset[str] | None, runner: Runner) -> Texts | None:
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
    values: Texts,
) -> tuple[ir.Table, Classes]:
    """Class 0 for no value, 1 for values of which every test is false (a present test true), then as they come."""
    asked = list(tests.values())
    foreseen = [*values.runner.examples(values.rows), *_operands(asked)] if isinstance(values, LaterTexts) else values
    plain = tuple(t.test == "present" and bool(t.present) for t in tests.values())
    known = list(dict.fromkeys([plain, *truths(asked, foreseen)]))
    number = {vector: position + 1 for position, vector in enumerate(known)}

    def tell(texts: Sequence[str]) -> pa.Table:
        outcomes = truths(asked, texts)
        if new := [text for text, outcome in zip(texts, outcomes, strict=True) if outcome not in number]:
            raise Unforeseen(new)
        special = [(text, number[o]) for text, o in zip(texts, outcomes, strict=True) if o != plain]
        told_texts, numbers = (
            pa.array([t for t, _ in special], pa.string()),
            pa.array([n for _, n in special], pa.int64()),
        )
        return pa.table({"_text": told_texts, name: numbers})

    joined = rows.left_join(told(values, tell), [(column, "_text")])
    of_row = ibis.ifelse(joined[column].isnull(), 0, ibis.coalesce(joined[name], 1))
    unknown = tuple((not t.present) if t.test == "present" else None for t in tests.values())
    vectors: dict[int, Vector] = {0: unknown, **{n: vector for vector, n in number.items()}}
    return joined.mutate(**{name: of_row}).drop("_text"), Classes(name, types, tuple(tests), vectors, 0)


def _operands(tests: Sequence[FieldTest]) -> list[str]:
    """Texts that the tests themselves name: of each kind that will come, most likely one is among them."""
    named = [t.operand if isinstance(t.operand, list | tuple) else [t.operand] for t in tests if t.test != "matches"]
    return [as_text(one) for of in named for one in of]


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


def with_outbound(rows: ir.Table) -> tuple[ir.Table, Classes]:
    """Class 1 for what the company sent; `any` leaves it out."""
    rows = rows.mutate(_outbound=ibis.ifelse(ibis.coalesce(rows.direction == "outbound", False), 1, 0).cast("int64"))
    return rows, Classes("_outbound", None, ("outbound",), {0: (False,), 1: (True,)}, 0)
