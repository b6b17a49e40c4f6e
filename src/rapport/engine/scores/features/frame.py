"""The features of subjects as known at an instant: one query, and the columns that its rows hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.scores.features.fields import field_column
from rapport.engine.scores.features.happenings import NEEDED_BY, happenings
from rapport.engine.scores.features.measures import columns_of, counted
from rapport.engine.scores.features.terms import Feature, Nature, Term
from rapport.engine.statistics.additive.features import Column, Features, Numbers


@dataclass(frozen=True)
class Layout:
    """Where a frame keeps what: plain data, so that it travels to where the rows are.

    Attributes:
        features: in order.
        fields: feature -> column of the frame.
        lists: column of the frame -> the features counted in it.
    """

    features: tuple[Feature, ...]
    fields: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, features: Sequence[Feature], subject: str) -> Layout:
        fields = [f.name for f in features if f.term is None]
        by_source: dict[str, list[str]] = {}
        for feature in features:
            if (term := feature.term) is not None:
                by_source.setdefault(f"{term.of or subject}_{term.table}", []).append(feature.name)
        return cls(
            tuple(features),
            {name: f"x{position}" for position, name in enumerate(fields)},
            {source: tuple(names) for source, names in by_source.items()},
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the frame beside subject_id."""
        return (*self.fields.values(), *self.lists)

    def terms(self, source: str) -> list[Term]:
        return [term for name in self.lists[source] if (term := Feature(name=name, nature=Nature.NUMBER).term)]

    def read(self, rows: pa.Table | pa.RecordBatch) -> Features:
        """The features of a frame's rows."""
        plain = Features.from_arrow(rows, list(self.fields.values()))
        found: dict[str, Column] = {name: plain[column] for name, column in self.fields.items()}
        for source, names in self.lists.items():
            kinds = rows.column(source)
            kinds = kinds.combine_chunks() if isinstance(kinds, pa.ChunkedArray) else kinds
            values = columns_of(kinds, self.terms(source))
            found |= {name: Numbers(column) for name, column in zip(names, values, strict=True)}
        return Features({feature.name: found[feature.name] for feature in self.features})


def feature_frame(
    view: AsOf, subject: str, layout: Layout, *, time_zone: str, subjects: ir.Table | None = None
) -> ir.Table:
    """One row per subject that stands at the view's instant: subject_id and the columns of `layout`.

    Null is unknown then. Nothing later than the instant is read; machine-made interactions are left out.
    Parameters: subjects, with the column `subject_id`: only those.
    """
    natures = {f.name: f.nature for f in layout.features}
    frame = subject_frame(view, subject, layout.fields, needed_by=NEEDED_BY, subjects=subjects)
    columns = {
        column: field_column(
            frame.rows[frame.columns[path]], frame.refs[path], natures[path], view, time_zone=time_zone
        )
        for path, column in layout.fields.items()
    }
    rows = frame.rows.select("subject_id", "account_id", "contact_id", **columns)
    for source in layout.lists:
        rows = _with_kinds(rows, view, subject, source, layout, time_zone=time_zone, few=subjects is not None)
    return rows.select("subject_id", *layout.columns)


def _with_kinds(
    rows: ir.Table, view: AsOf, subject: str, source: str, layout: Layout, *, time_zone: str, few: bool
) -> ir.Table:
    of, _, table = source.partition("_")
    key = "subject_id" if of == subject else f"{of}_id"
    found = happenings(view, table, of)
    if found is None:
        return rows.mutate(**{source: ibis.null(ibis.dtype(_nothing(layout, source)))})
    if few:
        asked = rows.select(_asked=rows[key]).distinct()
        found = found.semi_join(asked, [("subject_id", "_asked")])
    kinds = counted(found, layout.terms(source), view, time_zone=time_zone)
    kinds = kinds.select(_counted="subject_id", **{source: kinds.kinds})
    return rows.left_join(kinds, [(key, "_counted")]).mutate().drop("_counted")


def _nothing(layout: Layout, source: str) -> str:
    """The type of a list that no source fills."""
    figures = {"n0": "int64"}
    for term in layout.terms(source):
        if term.measure != "days":
            figures[f"{'n' if term.measure == 'count' else 's'}{term.window or 0}"] = "float64"
    names = {"c0": "int32", "c1": "int32", "c2": "int32", "last": "int64", **figures}
    return f"array<struct<{', '.join(f'{name}: {kind}' for name, kind in names.items())}>>"
