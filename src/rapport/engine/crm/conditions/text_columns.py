"""Text tests of a table as columns: evaluated on the distinct values of a field, joined back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.conditions.fold import folded
from rapport.engine.crm.conditions.grammar import FieldTest
from rapport.engine.crm.conditions.text_tests import truths
from rapport.engine.runner import LiveRunner, Runner, Tell


@dataclass(frozen=True)
class LaterTexts:
    """Texts that are known only when a live expression runs: column `value` of `rows`, distinct."""

    rows: ir.Table
    runner: LiveRunner


Texts = Sequence[str] | LaterTexts


def told(texts: Texts, tell: Tell) -> ir.Table:
    """What `tell` makes of texts, as a table."""
    return texts.runner.told(texts.rows, tell) if isinstance(texts, LaterTexts) else ibis.memtable(tell(texts))


def distinct_texts(rows: ir.Table, column: str, runner: Runner) -> Texts:
    """The distinct known values of a text column."""
    found = rows.select(value=rows[column].cast("string")).distinct()
    if isinstance(runner, LiveRunner):
        return LaterTexts(found, runner)
    return [value for value in runner.to_arrow(found)["value"].to_pylist() if value is not None]


def distinct_texts_of(rows: ir.Table, columns: Sequence[str], runner: Runner) -> Mapping[str, Texts]:
    """The distinct known values of several text columns, in one pass."""
    if not columns:
        return {}
    if isinstance(runner, LiveRunner):
        return {c: distinct_texts(rows, c, runner) for c in columns}
    found = runner.to_arrow(rows.aggregate(**{c: rows[c].cast("string").collect(distinct=True) for c in columns}))
    return {c: found[c][0].as_py() or [] for c in columns}


def with_text_columns(
    rows: ir.Table,
    column: str,
    *,
    values: Texts,
    tests: Mapping[str, FieldTest],
    maps: Mapping[str, tuple[Mapping[str, int], int]],
) -> ir.Table:
    """`rows` with a boolean column per test (null where the value is unknown) and an integer column per map.

    Parameters: column, a text column; values, all its known values; tests by the name of their new
        column; maps by name: folded text -> whole number, and the number for every other known text
        (null where the value is unknown).
    """
    defaults: dict[str, object] = {**dict.fromkeys(tests, False), **{n: other for n, (_, other) in maps.items()}}

    def tell(texts: Sequence[str]) -> pa.Table:
        outcomes = zip(*truths(list(tests.values()), texts), strict=True)
        found: dict[str, Sequence[object]] = dict(zip(tests, outcomes, strict=False))
        for name, (mapped, otherwise) in maps.items():
            found[name] = [mapped.get(folded(text), otherwise) for text in texts]
        return _told(texts, found, defaults, tests)

    joined = rows.left_join(told(values, tell), [(column, "_value")])
    known = joined[column].notnull()
    new = {name: _known(joined[name], known, defaults[name], tests.get(name)) for name in defaults}
    return joined.mutate(**new).drop("_value")


def _told(
    values: Sequence[str],
    found: Mapping[str, Sequence[object]],
    defaults: Mapping[str, object],
    tests: Mapping[str, FieldTest],
) -> pa.Table:
    """Only the values of which something else than the default is said: few, so that the join is small."""
    special = [i for i in range(len(values)) if any(found[name][i] != defaults[name] for name in found)]
    columns = {
        name: pa.array(
            [found[name][i] for i in special] if name in found else [], pa.bool_() if name in tests else pa.int64()
        )
        for name in defaults
    }
    return pa.table({"_value": pa.array([values[i] for i in special], pa.string()), **columns})


def _known(column: ir.Value, known: ir.BooleanValue, default: object, test: FieldTest | None) -> ir.Value:
    unknown: object = ibis.null(column.type())
    if test is not None and test.test == "present":
        unknown = not test.present
    return ibis.ifelse(known, ibis.coalesce(column, default), unknown)
