"""Population runs: subjects ranked against each other, kept so that later subjects are measured alike.

A run holds the distribution of a score's values at one instant, as sorted distinct values with their
counts, and the cut points of the measures behind them. It is used unchanged until the next one.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from math import floor
from typing import Any
from uuid import UUID, uuid5

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rapport.engine.errors import EngineCannot, InternalError
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import points

Integers = NDArray[np.int64]

_RUNS = UUID("5a0f3c0e-0f6b-5f0e-9a54-0c1c2a1d7b11")


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


@dataclass(frozen=True, kw_only=True)
class FittedModel:
    """What a kind learnt from history, to be used unchanged until it is fitted again.

    Attributes:
        fitted_at: the instant whose facts, as then known, it was fitted on.
        checked_at: when a newer fit was last held against it; the same instant where none was.
        text: the model as JSON, in the kind's own form.
    """

    fitted_at: datetime
    checked_at: datetime
    text: str


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationRun:
    """The distribution of a score at an instant.

    Attributes:
        as_of: when the subjects were compared.
        run_id: the same for the same score, instant and distribution.
        values, counts: the distinct non-null values, ascending, in micro-points, and how many subjects have each.
        cut_points: of the measures behind the score, by name.
        model: of a kind that learns; None for the others.
        parts: the runs of the scores that this one is made of, by name.
    """

    as_of: datetime
    run_id: str
    values: Integers
    counts: Integers
    cut_points: Mapping[str, CutPoints] = field(default_factory=dict)
    model: FittedModel | None = None
    parts: Mapping[str, PopulationRun] = field(default_factory=dict)

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

    def to_json(self) -> str:
        """The run as JSON: whole micro-points and counts, cut points as text."""
        return json.dumps(self._document(), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> PopulationRun:
        """The run that `to_json` wrote."""
        return cls._of(json.loads(text))

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "as_of": self.as_of.isoformat(),
            "run_id": self.run_id,
            "values": self.values.tolist(),
            "counts": self.counts.tolist(),
            "cut_points": {
                name: {"points": [str(p) for p in cuts.points], "counts": list(cuts.counts)}
                for name, cuts in self.cut_points.items()
            },
        }
        if self.model is not None:
            instants = {"fitted_at": self.model.fitted_at.isoformat(), "checked_at": self.model.checked_at.isoformat()}
            document["model"] = {**instants, "text": self.model.text}
        if self.parts:
            document["parts"] = {name: part._document() for name, part in self.parts.items()}
        return document

    @classmethod
    def _of(cls, stored: Mapping[str, Any]) -> PopulationRun:
        return cls(
            as_of=datetime.fromisoformat(stored["as_of"]),
            run_id=stored["run_id"],
            values=np.array(stored["values"], dtype=np.int64),
            counts=np.array(stored["counts"], dtype=np.int64),
            cut_points={
                name: CutPoints(points=tuple(Decimal(p) for p in cuts["points"]), counts=tuple(cuts["counts"]))
                for name, cuts in stored["cut_points"].items()
            },
            model=_model(stored["model"]) if "model" in stored else None,
            parts={name: cls._of(part) for name, part in stored.get("parts", {}).items()},
        )


def _model(stored: Mapping[str, str]) -> FittedModel:
    return FittedModel(
        fitted_at=datetime.fromisoformat(stored["fitted_at"]),
        checked_at=datetime.fromisoformat(stored["checked_at"]),
        text=stored["text"],
    )


def population_run(
    scores: ir.Table,
    *,
    score: str,
    as_of: datetime,
    runner: Runner,
    cut_points: Mapping[str, CutPoints] | None = None,
    model: FittedModel | None = None,
    parts: Mapping[str, PopulationRun] | None = None,
    members: str | None = None,
) -> PopulationRun:
    """The run of everyone in `scores` (subject_id, value decimal(18,6)); null values are left out.

    Parameters: score, its name and version, goes into `run_id`; cut_points, those the scores were made
        with; model and parts, likewise. A column `micro` (the value in micro-points) is used where it
        is there, which is faster; members, the column that says how many a row stands for, else one.
    """
    weight = {"n": scores[members]} if members else {}
    micro = scores.select(micro=_micro_of(scores), **weight).filter(lambda t: t.micro.notnull())
    n = micro.n.sum() if members else micro.count()
    counted = runner.to_arrow(micro.group_by("micro").aggregate(n=n).order_by("micro"))
    return run_of(
        score=score,
        as_of=as_of,
        values=counted["micro"].to_numpy().astype(np.int64),
        counts=counted["n"].to_numpy().astype(np.int64),
        cut_points=cut_points or {},
        model=model,
        parts=parts or {},
    )


def run_of(
    *,
    score: str,
    as_of: datetime,
    values: Integers,
    counts: Integers,
    cut_points: Mapping[str, CutPoints],
    model: FittedModel | None = None,
    parts: Mapping[str, PopulationRun] | None = None,
) -> PopulationRun:
    """A run from a distribution already counted: `values` distinct micro-points, in any order."""
    if as_of.tzinfo is None:
        raise InternalError("A population run needs an instant with a time zone.", received=as_of.isoformat())
    order = np.argsort(values, kind="stable")
    run = PopulationRun(
        as_of=as_of,
        run_id="",
        values=values[order].copy(),
        counts=counts[order].copy(),
        cut_points=dict(cut_points),
        model=model,
        parts=dict(parts or {}),
    )
    return replace(run, run_id=str(uuid5(_RUNS, f"{score}\n{run.to_json()}")))


def with_percentile(scores: ir.Table, *, run: PopulationRun | None, runner: Runner, members: bool = False) -> ir.Table:
    """`scores` (with `value`, or `micro`) with the column `percentile`, 0..100, null where the value is.

    Against `run`, for its members and for later subjects alike; without one the scores themselves are
    the population. `members`: the run was made of these very scores, so that it holds each of their values.
    Written with a running sum over distinct values, which every engine can do.
    """
    scores = scores.drop("percentile") if "percentile" in scores.columns else scores
    micro = scores.mutate(_micro=_micro_of(scores))
    known = micro.filter(micro._micro.notnull())
    if run is None:
        weighed = known.group_by(_at=known._micro).aggregate(_n=lambda t: t.count())
    else:
        stored = runner.from_arrow(pa.table({"_at": pa.array(run.values), "_n": pa.array(run.counts)}))
        weighed = stored if members else _with_later(stored, known)
    upward = ibis.window(order_by=weighed["_at"], rows=(None, 0))
    ranks = weighed.mutate(_up_to=weighed["_n"].sum().over(upward), _all=weighed["_n"].sum().over(ibis.window()))
    # one division of whole numbers, so that every engine rounds the same way
    rank = 100 * (2 * ranks._up_to - ranks._n).cast("int64") / (2 * ranks._all).cast("int64").nullif(0)
    joined = micro.left_join(ranks.select(_at=ranks["_at"], percentile=rank.cast("float64")), [("_micro", "_at")])
    return joined.drop("_micro", "_at")


def _with_later(stored: ir.Table, known: ir.Table) -> ir.Table:
    """The run's values and those of later subjects, which weigh nothing."""
    asked = known.select(_at=known._micro, _n=ibis.literal(0, type="int64")).distinct()
    union = stored.select("_at", "_n").union(asked.select("_at", "_n"))
    return union.group_by("_at").aggregate(_n=lambda t: t._n.sum())


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
    return points(micro)


def quantiles(values: Integers, *, shares: Sequence[tuple[int, int]], scale: int = 0) -> tuple[Decimal, ...]:
    """Exact quantiles (percentile_disc) of whole numbers in any order: the value at rank ceil(n x share).

    Parameters: shares as fractions, ((1, 5), ...); scale, the decimal places that `values` carry. Empty for no values.
    """
    if not len(values):
        return ()
    ranks = [-(-len(values) * over // under) - 1 for over, under in shares]
    ordered = np.partition(values, ranks)
    return tuple(_plain(int(ordered[rank]), scale) for rank in ranks)


def counted_cut_points(values: Integers, points: tuple[Decimal, ...], *, scale: int = 0) -> CutPoints:
    """Given points with the number of `values` (whole numbers of `scale` places, in any order) in each class."""
    reached = [int(np.count_nonzero(values <= floor(p.scaleb(scale)))) for p in points]
    return CutPoints(points=points, counts=tuple(b - a for a, b in pairwise([0, *reached, len(values)])))


def whole_numbers(column: pa.ChunkedArray) -> Integers:
    """A column of whole numbers, or of decimals without their point; nulls are left out.

    Raises: EngineCannot for a decimal that has more than 18 digits.
    """
    known = column.drop_null()
    if not pa.types.is_decimal(column.type):
        return np.asarray(known.to_numpy(), dtype=np.int64)
    return np.concatenate([np.empty(0, dtype=np.int64), *(_unscaled(chunk) for chunk in known.chunks)])


def _unscaled(chunk: pa.Array) -> Integers:
    """Arrow keeps a decimal as 128 bits, of which the lower half holds any number of 18 digits."""
    halves = np.frombuffer(chunk.buffers()[1], dtype=np.int64).reshape(-1, 2)[chunk.offset : chunk.offset + len(chunk)]
    low, high = halves[:, 0], halves[:, 1]
    if not np.array_equal(high, low >> 63):
        raise EngineCannot("An amount has more digits than can be ranked.", received="over 18 digits", allowed="18")
    return low.copy()


def _plain(number: int, scale: int) -> Decimal:
    """`number` with `scale` places, without trailing zeros or exponent."""
    return Decimal(number).scaleb(-scale).normalize() + 0
