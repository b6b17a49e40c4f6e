"""The features of subjects as known at an instant: one query, and the columns that its rows hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.runner import Runner
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
    view: AsOf, subject: str, layout: Layout, *, time_zone: str, runner: Runner, subjects: ir.Table | None = None
) -> ir.Table:
    """One row per subject that stands at the view's instant: subject_id and the columns of `layout`.

    Each table is read by a query of its own: all in one would nest too deeply for the engines' parsers.
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
    rows = runner.cache(frame.rows.select("subject_id", "account_id", "contact_id", **columns))
    joined = rows
    for source in layout.lists:
        key = _key(source, subject)
        asked = rows.select(_asked=rows[key]).distinct() if subjects is not None else None
        kinds = _kinds(view, source, layout, time_zone=time_zone, asked=asked, runner=runner)
        if kinds is None:
            joined = joined.mutate(**{source: ibis.null(ibis.dtype(_nothing(layout, source)))})
        else:
            told = runner.cache(kinds).select(_counted="subject_id", **{source: "kinds"})
            joined = joined.left_join(told, [(key, "_counted")]).mutate().drop("_counted")
    return joined.select("subject_id", *layout.columns)


def _key(source: str, subject: str) -> str:
    """The column that says whose happenings a subject is told."""
    of = source.partition("_")[0]
    return "subject_id" if of == subject else f"{of}_id"


def _kinds(
    view: AsOf, source: str, layout: Layout, *, time_zone: str, asked: ir.Table | None, runner: Runner
) -> ir.Table | None:
    """What is counted of a source, by subject; None where no source fills its table."""
    of, _, table = source.partition("_")
    found = happenings(view, table, of)
    if found is None:
        return None
    if asked is not None:
        found = found.semi_join(asked, [("subject_id", "_asked")])
    return counted(found, layout.terms(source), view, time_zone=time_zone, runner=runner)


def _nothing(layout: Layout, source: str) -> str:
    """The type of a list that no source fills."""
    figures = {"n0": "int64"}
    for term in layout.terms(source):
        if term.measure != "days":
            figures[f"{'n' if term.measure == 'count' else 's'}{term.window or 0}"] = "float64"
    names = {"c0": "int32", "c1": "int32", "c2": "int32", "last": "int64", **figures}
    return f"array<struct<{', '.join(f'{name}: {kind}' for name, kind in names.items())}>>"
