"""Models fitted to the paths of each period, those that led to a purchase and those that did not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rapport.engine.errors import DataError
from rapport.engine.metrics.attribution.markov import removal_effects
from rapport.engine.metrics.attribution.paths import steps, touched_before
from rapport.engine.metrics.attribution.shapley import shapley_values
from rapport.engine.metrics.attribution.shares import DIGITS
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.windows import in_windows
from rapport.engine.runner import Runner

MOST_CAMPAIGNS = 3_000  # what can be told apart in one period
_PATH = ("period", "path_id", "converted")
_BETWEEN = "\x1f"
Credit = Mapping[str, float]


def fitted_shares(
    conversions: ir.Table, touches: ir.Table, reading: Reading, runner: Runner, models: Collection[str]
) -> ir.Table:
    """One row per period and campaign: _period, _campaign, begins (one per period), share_<model>.

    Parameters: conversions, one row each: conversion_id, at, customer_id; touches, with those that are direct.
    Each purchase of the period with a path is shared out in this way. Shares of a period add up to exactly 1.
    """
    paths = _paths(conversions, touches, reading)
    if len(models) > 1:
        paths = runner.cache(paths)
    found: dict[int, dict[str, Credit]] = {}
    for model in models:
        for period, credit in _FITS[model](paths, runner):
            found.setdefault(period, {})[model] = credit
    return runner.from_arrow(_table(found, models))


def _paths(conversions: ir.Table, touches: ir.Table, reading: Reading) -> ir.Table:
    """One row per step of the paths of each period."""
    bought = in_windows(conversions.select("conversion_id", "customer_id", "at"), reading.windows)
    won = touched_before(bought, touches, reading)
    won = won.select("period", "campaign_id", "touched_at", path_id="conversion_id", converted=True)
    parts = [won, _lost(bought, touches, reading)]
    told = steps(ibis.union(*parts), _PATH, reading)
    return told.filter(told.counted).select(*_PATH, "campaign_id", "step", "steps")


def _lost(bought: ir.Table, touches: ir.Table, reading: Reading) -> ir.Table:
    """One row per touch of the customers who were touched in a period and bought nothing in it.

    Their path is what lies in the look-back before their last touch of the period.
    """
    seen = in_windows(touches.select("customer_id", at="touched_at"), reading.windows)
    last = seen.group_by("period", "customer_id").aggregate(at=seen["at"].max())
    buyers = bought.select("period", "customer_id").distinct()
    without = last.anti_join(buyers, ["period", "customer_id"])
    rows = touched_before(without, touches, reading)
    return rows.select("period", "campaign_id", "touched_at", path_id="customer_id", converted=False)


def _markov(paths: ir.Table, runner: Runner) -> Iterator[tuple[int, Credit]]:
    """Removal effects, brought to a sum of 1."""
    following = paths.campaign_id.lead().over(ibis.window(group_by=list(_PATH), order_by=paths.step))
    moves = paths.mutate(next_id=following, begins=paths.step == 1)
    counted = moves.group_by("period", "campaign_id", "next_id", "converted", "begins").aggregate(paths=moves.count())
    for period, rows in _by_period(runner.to_arrow(counted)):
        names, place = _numbered(row["campaign_id"] for row in rows)
        n = len(names)
        starts, converted, lost, steps_ = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, n))
        for row in rows:
            here, paths_ = place[row["campaign_id"]], row["paths"]
            if row["begins"]:
                starts[here] += paths_
            if row["next_id"] is not None:
                steps_[here, place[row["next_id"]]] += paths_
            elif row["converted"]:
                converted[here] += paths_
            else:
                lost[here] += paths_
        yield from _shared(period, names, removal_effects(starts, steps_, converted, lost))


def _shapley(paths: ir.Table, runner: Runner) -> Iterator[tuple[int, Credit]]:
    """Shapley values, brought to a sum of 1; below 0 where paths with a campaign convert more rarely."""
    once = paths.group_by(*_PATH).aggregate(campaigns=paths.campaign_id.collect(distinct=True))
    kinds = once.mutate(campaigns=once.campaigns.sort().join(_BETWEEN))
    counted = kinds.group_by("period", "campaigns").aggregate(
        converted=kinds.converted.cast("int64").sum(), paths=kinds.count()
    )
    for period, rows in _by_period(runner.to_arrow(counted)):
        named = [row["campaigns"].split(_BETWEEN) for row in rows]
        names, place = _numbered(name for kind in named for name in kind)
        kinds_ = [[place[name] for name in kind] for kind in named]
        converted = np.array([row["converted"] for row in rows], dtype=np.float64)
        all_paths = np.array([row["paths"] for row in rows], dtype=np.float64)
        yield from _shared(period, names, shapley_values(kinds_, converted, all_paths, len(names)))


_FITS: Mapping[str, Callable[[ir.Table, Runner], Iterator[tuple[int, Credit]]]] = {
    "markov": _markov,
    "shapley": _shapley,
}


def _by_period(answer: pa.Table) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    rows = sorted(answer.to_pylist(), key=lambda row: tuple(str(value) for value in row.values()))
    rows.sort(key=lambda row: row["period"])
    for period, its in groupby(rows, key=lambda row: int(row["period"])):
        yield period, list(its)


def _numbered(names: Iterable[Any]) -> tuple[list[str], dict[str, int]]:
    ordered = sorted({str(name) for name in names})
    if len(ordered) > MOST_CAMPAIGNS:
        raise DataError(
            "There are too many campaigns in one period to tell which of them was needed.",
            received=len(ordered),
            allowed=f"up to {MOST_CAMPAIGNS:,}",
            next_step="Measure shorter periods, or leave channels out: setting attribution_excluded_channels.",
        )
    return ordered, {name: number for number, name in enumerate(ordered)}


def _shared(period: int, names: list[str], worth: npt.NDArray[np.float64]) -> Iterator[tuple[int, Credit]]:
    """Nothing for a period in which no path led to a purchase."""
    if worth.sum() > 0:
        yield period, dict(zip(names, (worth / worth.sum()).tolist(), strict=True))


def _table(found: Mapping[int, Mapping[str, Credit]], models: Collection[str]) -> pa.Table:
    rows = []
    for period, credits_ in found.items():
        parts = {model: _in_digits(credit) for model, credit in credits_.items()}
        first = next(iter(parts.values()))
        largest = max(first, key=lambda name: (first[name], name))
        rows += [
            {
                "_period": period,
                "_campaign": name,
                "begins": name == largest,
                **{f"share_{model}": part[name] for model, part in parts.items()},
            }
            for name in first
        ]
    fields = [("_period", pa.int64()), ("_campaign", pa.string()), ("begins", pa.bool_())]
    shares = ((f"share_{model}", pa.decimal128(18, DIGITS)) for model in models)
    return pa.Table.from_pylist(rows, pa.schema([*fields, *shares]))


def _in_digits(credit: Credit) -> dict[str, Decimal]:
    """With nine digits, the largest part taking what rounding leaves, so that they add up to 1."""
    parts = {name: round(Decimal(share), DIGITS) for name, share in credit.items()}
    largest = max(parts, key=lambda name: (parts[name], name))
    return parts | {largest: parts[largest] + 1 - sum(parts.values())}
