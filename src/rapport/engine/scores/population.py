"""Population runs: subjects ranked against each other, kept so that later subjects are measured alike.

A run holds the distribution of a score's values at one instant, as sorted distinct values with their
counts, and the cut points of the measures behind them. It is used unchanged until the next one.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from math import floor
from uuid import UUID, uuid5

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rapport.engine.errors import InternalError
from rapport.engine.runner import Runner

Integers = NDArray[np.int64]

_RUNS = UUID("5a0f3c0e-0f6b-5f0e-9a54-0c1c2a1d7b11")
_ARROW = pa.schema([pa.field("part", pa.string()), pa.field("micro", pa.int64()), pa.field("count", pa.int64())])
_VALUE = "value"


@dataclass(frozen=True, kw_only=True)
class CutPoints:
    """Where a measure is cut into classes.

    Attributes:
        points: ascending; a value belongs to class i when i points lie strictly below it.
        counts: members of the run in each class; one more than `points`.
    """

    points: tuple[Decimal, ...]
    counts: tuple[int, ...]

    @property
    def population(self) -> int:
        return sum(self.counts)

    def class_of(self, value: Decimal | int) -> int:
        return bisect_left(self.points, value)

    def share_below(self, position: int) -> float | None:
        """Share of the run's members in lower classes; None for an empty run."""
        return sum(self.counts[:position]) / self.population if self.population else None


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationRun:
    """The distribution of a score at an instant.

    Attributes:
        as_of: when the subjects were compared.
        run_id: the same for the same score, instant and distribution.
        values, counts: the distinct non-null values, ascending, in micro-points, and how many subjects have each.
        cut_points: of the measures behind the score, by name.
    """

    as_of: datetime
    run_id: str
    values: Integers
    counts: Integers
    cut_points: Mapping[str, CutPoints] = field(default_factory=dict)

    @property
    def population(self) -> int:
        """Subjects with a value."""
        return int(self._reached[-1])

    def percentile(self, value: Decimal | None) -> float | None:
        """100 x (values strictly below + half of the equal ones) / n; None for no value or an empty run."""
        if value is None or self.population == 0:
            return None
        return float(self.percentiles(np.array([int(value.scaleb(6))], dtype=np.int64))[0])

    def percentiles(self, micro_points: Integers) -> NDArray[np.float64]:
        """`percentile` of many values in micro-points; nan for an empty run."""
        if self.population == 0:
            return np.full(len(micro_points), np.nan)
        below = self._reached[np.searchsorted(self.values, micro_points, side="left")]
        up_to = self._reached[np.searchsorted(self.values, micro_points, side="right")]
        return np.asarray(100 * (below + up_to) / (2 * self.population), dtype=float)

    @cached_property
    def _reached(self) -> Integers:
        """Subjects at or below each value, with a leading 0."""
        return np.concatenate([[0], np.cumsum(self.counts)]).astype(np.int64)

    def to_arrow(self) -> pa.Table:
        """One row per distinct value (`part` "value") and per class of a measure (`part` its name).

        micro: the value, or the class' upper cut point (null for the last class), in millionths; count:
        subjects. `as_of` and `run_id` are in the schema's metadata.
        """
        own = pa.table([pa.array([_VALUE] * len(self.values), pa.string()), self.values, self.counts], schema=_ARROW)
        classes = [
            {"part": name, "micro": None if point is None else int(point.scaleb(6)), "count": count}
            for name, cuts in self.cut_points.items()
            for point, count in zip((*cuts.points, None), cuts.counts, strict=True)
        ]
        metadata = {"as_of": self.as_of.isoformat(), "run_id": self.run_id}
        rows = pa.concat_tables([own, pa.Table.from_pylist(classes, schema=_ARROW)])
        return rows.replace_schema_metadata(metadata)

    @classmethod
    def from_arrow(cls, rows: pa.Table) -> PopulationRun:
        """The run that `to_arrow` wrote."""
        metadata = {k.decode(): v.decode() for k, v in (rows.schema.metadata or {}).items()}
        own = rows.filter(pc.field("part") == _VALUE)
        measures: dict[str, list[tuple[int | None, int]]] = {}
        for row in rows.filter(pc.field("part") != _VALUE).to_pylist():
            measures.setdefault(row["part"], []).append((row["micro"], row["count"]))
        return cls(
            as_of=datetime.fromisoformat(metadata["as_of"]),
            run_id=metadata["run_id"],
            values=own["micro"].to_numpy().astype(np.int64),
            counts=own["count"].to_numpy().astype(np.int64),
            cut_points={name: _cuts(classes) for name, classes in measures.items()},
        )

    def to_json(self) -> str:
        """The run as JSON: whole micro-points and counts, cut points as text."""
        return json.dumps(
            {
                "as_of": self.as_of.isoformat(),
                "run_id": self.run_id,
                "values": self.values.tolist(),
                "counts": self.counts.tolist(),
                "cut_points": {
                    name: {"points": [str(p) for p in cuts.points], "counts": list(cuts.counts)}
                    for name, cuts in self.cut_points.items()
                },
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> PopulationRun:
        """The run that `to_json` wrote."""
        stored = json.loads(text)
        return cls(
            as_of=datetime.fromisoformat(stored["as_of"]),
            run_id=stored["run_id"],
            values=np.array(stored["values"], dtype=np.int64),
            counts=np.array(stored["counts"], dtype=np.int64),
            cut_points={
                name: CutPoints(points=tuple(Decimal(p) for p in cuts["points"]), counts=tuple(cuts["counts"]))
                for name, cuts in stored["cut_points"].items()
            },
        )


def population_run(
    scores: ir.Table,
    *,
    score: str,
    as_of: datetime,
    runner: Runner,
    cut_points: Mapping[str, CutPoints] | None = None,
) -> PopulationRun:
    """The run of everyone in `scores` (subject_id, value decimal(18,6)); null values are left out.

    Parameters: score, its name and version, goes into `run_id`; cut_points, those the scores were made
        with. A column `micro` (the value in micro-points) is used where it is there, which is faster.
    """
    micro = scores.select(micro=_micro_of(scores)).filter(lambda t: t.micro.notnull())
    counted = runner.to_arrow(micro.group_by("micro").aggregate(n=lambda t: t.count()).order_by("micro"))
    return run_of(
        score=score,
        as_of=as_of,
        values=counted["micro"].to_numpy().astype(np.int64),
        counts=counted["n"].to_numpy().astype(np.int64),
        cut_points=cut_points or {},
    )


def run_of(
    *, score: str, as_of: datetime, values: Integers, counts: Integers, cut_points: Mapping[str, CutPoints]
) -> PopulationRun:
    """A run from a distribution already counted: `values` distinct micro-points, in any order."""
    if as_of.tzinfo is None:
        raise InternalError("A population run needs an instant with a time zone.", received=as_of.isoformat())
    order = np.argsort(values, kind="stable")
    run = PopulationRun(
        as_of=as_of, run_id="", values=values[order].copy(), counts=counts[order].copy(), cut_points=dict(cut_points)
    )
    return PopulationRun(
        as_of=as_of,
        run_id=str(uuid5(_RUNS, f"{score}\n{run.to_json()}")),
        values=run.values,
        counts=run.counts,
        cut_points=run.cut_points,
    )


def with_percentile(scores: ir.Table, *, run: PopulationRun | None, runner: Runner) -> ir.Table:
    """`scores` (with `value`, or `micro`) with the column `percentile`, 0..100, null where the value is.

    Against `run`, for its members and for later subjects alike; without one the scores themselves are
    the population. Written with a running sum over distinct values, which every engine can do.
    """
    scores = scores.drop("percentile") if "percentile" in scores.columns else scores
    micro = scores.mutate(_micro=_micro_of(scores))
    known = micro.filter(micro._micro.notnull())
    if run is None:
        weighed = known.group_by(_at=known._micro).aggregate(_n=lambda t: t.count())
    else:
        stored = runner.from_arrow(pa.table({"_at": pa.array(run.values), "_n": pa.array(run.counts)}))
        asked = known.select(_at=known._micro, _n=ibis.literal(0, type="int64")).distinct()
        union = stored.select("_at", "_n").union(asked.select("_at", "_n"))
        weighed = union.group_by("_at").aggregate(_n=lambda t: t._n.sum())
    upward = ibis.window(order_by=weighed["_at"], rows=(None, 0))
    ranks = weighed.mutate(_up_to=weighed["_n"].sum().over(upward), _all=weighed["_n"].sum().over(ibis.window()))
    # one division of whole numbers, so that every engine rounds the same way
    rank = 100 * (2 * ranks._up_to - ranks._n).cast("int64") / (2 * ranks._all).cast("int64").nullif(0)
    joined = micro.left_join(ranks.select(_at=ranks["_at"], percentile=rank.cast("float64")), [("_micro", "_at")])
    return joined.drop("_micro", "_at")


def _micro_of(scores: ir.Table) -> ir.IntegerValue:
    return scores.micro if "micro" in scores.columns else micro_points(scores.value)


def micro_points(value: ir.DecimalValue) -> ir.IntegerValue:
    """A decimal(18,6) as whole micro-points, exactly.

    Whole and fractional part go apart, so that no product needs more than 64 bits (40 times faster).
    """
    value = value.cast("decimal(18, 6)")
    whole = value.floor().cast("decimal(18, 6)")
    fraction = (value - whole).cast("decimal(8, 6)") * ibis.literal(1_000_000, type="int32")
    return whole.cast("int64") * 1_000_000 + fraction.cast("int64")


def points_of(micro: ir.IntegerValue) -> ir.DecimalValue:
    """Whole micro-points as decimal(18,6), exactly."""
    millionth = ibis.literal(Decimal("0.000001"), type="decimal(18, 6)")
    return (micro.cast("decimal(18, 0)") * millionth).cast("decimal(18, 6)")


def quantile_cut_points(values: Integers, *, shares: Sequence[tuple[int, int]], scale: int = 0) -> CutPoints:
    """Exact quantiles (percentile_disc) of whole numbers: the value at rank ceil(n x share).

    Parameters: shares as fractions, ((1, 5), ...); scale, the decimal places that `values` carry.
    """
    ordered = np.sort(values)
    n = len(ordered)
    points = [int(ordered[-(-n * over // under) - 1]) for over, under in shares] if n else []
    return counted_cut_points(ordered, tuple(_plain(p, scale) for p in points), scale=scale)


def counted_cut_points(values: Integers, points: tuple[Decimal, ...], *, scale: int = 0) -> CutPoints:
    """Given points with the number of `values` (ascending whole numbers of `scale` places) in each class."""
    bounds = [floor(p.scaleb(scale)) for p in points]
    edges = [0, *np.searchsorted(values, bounds, side="right").tolist(), len(values)]
    return CutPoints(points=points, counts=tuple(b - a for a, b in pairwise(edges)))


def _cuts(classes: list[tuple[int | None, int]]) -> CutPoints:
    return CutPoints(
        points=tuple(_plain(micro, 6) for micro, _ in classes if micro is not None), counts=tuple(c for _, c in classes)
    )


def _plain(number: int, scale: int) -> Decimal:
    """`number` with `scale` places, without trailing zeros or exponent."""
    return Decimal(number).scaleb(-scale).normalize() + 0
