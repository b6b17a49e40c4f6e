"""Conditions on subjects as columns: every test of every condition, side by side on one frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.column_tests import column_test
from rapport.engine.crm.conditions.fields import check, is_text_test
from rapport.engine.crm.conditions.frame import Frame
from rapport.engine.crm.conditions.grammar import Condition, FieldTest, InSegment, No, Related, walk
from rapport.engine.crm.conditions.logic import expression, fires
from rapport.engine.crm.conditions.memberships import with_membership
from rapport.engine.crm.conditions.related import with_related
from rapport.engine.crm.conditions.text_columns import Texts, distinct_texts_of, with_text_columns
from rapport.engine.runner import Runner

TextMaps = Mapping[str, Mapping[str, tuple[Mapping[str, int], int]]]


def paths_of(conditions: Sequence[Condition]) -> list[str]:
    """The field paths that conditions test."""
    return [part.field for one in conditions for part in walk(one) if isinstance(part, FieldTest)]


@dataclass(frozen=True)
class Conditioned:
    """Subjects with a boolean column per test.

    Attributes:
        rows: the frame's columns, and one per test.
        names: key of a test -> column of `rows`.
    """

    rows: ir.Table
    names: Mapping[str, str]
    time_zone: str

    def fires(self, condition: Condition, rows: ir.Table, no: Callable[[No], ir.BooleanValue]) -> ir.BooleanValue:
        """Whether the condition is true; `no` tells the truth of its `no:` parts. `rows` derives from `self.rows`."""

        def column(part: Condition) -> ir.BooleanValue:
            if isinstance(part, No):
                return no(part)
            value: ir.BooleanValue = rows[self.names[key_of(part)]]
            return value

        return fires(expression(condition, column))


def key_of(part: Condition) -> str:
    """Equal tests have equal keys."""
    return f"{type(part).__name__}:{part.model_dump_json(by_alias=True, exclude_none=True)}"


def names_of(conditions: Sequence[Condition]) -> dict[str, str]:
    """Key of a test -> its column, for every test in `conditions`."""
    return {key: f"t{position}" for position, key in enumerate(_leaves(conditions))}


def _leaves(conditions: Sequence[Condition]) -> dict[str, FieldTest | InSegment | Related]:
    parts = {key_of(p): p for one in conditions for p in walk(one)}
    return {key: p for key, p in parts.items() if isinstance(p, FieldTest | InSegment | Related)}


def conditioned(
    frame: Frame,
    conditions: Sequence[Condition],
    view: AsOf,
    *,
    runner: Runner,
    needed_by: str,
    time_zone: str | None = None,
    maps: TextMaps | None = None,
) -> Conditioned:
    """The frame with a column for every test in `conditions`, and for every map of a text field.

    Parameters: maps, field path -> name of a new column -> (folded text -> number, number for other texts).
    """
    time_zone = time_zone or view.snapshot.time_zone
    leaves = _leaves(conditions)
    names = names_of(conditions)
    tests = {path: {} for path in frame.columns}  # type: dict[str, dict[str, FieldTest]]
    for key, part in leaves.items():
        if isinstance(part, FieldTest):
            check(part, frame.refs[part.field])
            tests[part.field][names[key]] = part
    values = distinct_texts_of(frame.rows, _text_fields(frame, tests, maps or {}), runner)
    rows = frame.rows
    for path in frame.columns:
        rows = _with_field(frame, rows, path, tests[path], (maps or {}).get(path, {}), values, view, time_zone)
    for key, part in leaves.items():
        if isinstance(part, InSegment):
            rows = with_membership(rows, view, frame.subject, [part.segment], name=names[key])
        elif isinstance(part, Related):
            rows = with_related(
                rows,
                view,
                frame.subject,
                part,
                name=names[key],
                runner=runner,
                needed_by=needed_by,
                time_zone=time_zone,
            )
    return Conditioned(rows, names, time_zone)


def _text_fields(frame: Frame, tests: Mapping[str, Mapping[str, FieldTest]], maps: TextMaps) -> list[str]:
    """Columns of the frame whose values are looked at one by one."""
    wanted = [
        path
        for path, own in tests.items()
        if path in maps or any(is_text_test(test, frame.refs[path]) for test in own.values())
    ]
    return [frame.columns[path] for path in wanted]


def _with_field(
    frame: Frame,
    rows: ir.Table,
    path: str,
    tests: Mapping[str, FieldTest],
    maps: Mapping[str, tuple[Mapping[str, int], int]],
    values: Mapping[str, Texts],
    view: AsOf,
    time_zone: str,
) -> ir.Table:
    column, ref = frame.columns[path], frame.refs[path]
    texts = {name: test for name, test in tests.items() if is_text_test(test, ref)}
    if texts or maps:
        rows = with_text_columns(rows, column, values=values[column], tests=texts, maps=maps)
    others = {
        name: column_test(test, rows[column], ref, as_of=view.at, time_zone=time_zone)
        for name, test in tests.items()
        if name not in texts
    }
    return rows.mutate(**others) if others else rows
