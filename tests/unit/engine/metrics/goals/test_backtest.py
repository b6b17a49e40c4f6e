"""Goals of past days, judged by what came: ranges hold as often as they say, chances come true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest

from goal_histories import history_of
from rapport.engine.metrics.goals import Reading, progress_of
from rapport.engine.metrics.period import Period

GOALS = 50
CUT, SPAN = (
    date(2026, 5, 11),
    Period(date(2026, 1, 11), date(2026, 8, 26)),
)  # four months known, three and a half to come
BEFORE, AHEAD = 36, 4


def _levels(chance: np.random.Generator) -> npt.NDArray[np.float64]:
    """What a day brings on average, by month: wandering by 5 % a month, higher in winter."""
    months = np.arange(BEFORE + AHEAD)
    return 20 * np.exp(np.cumsum(0.05 * chance.normal(size=len(months))) + 0.2 * np.cos(2 * np.pi * months / 12))


def _total(chance: np.random.Generator) -> tuple[list[float], float, float]:
    """Purchases by day, at random around their level: (months, so far, in the end)."""
    months = [chance.poisson(level, size=30).cumsum() for level in _levels(chance)]
    whole = [float(month[-1]) for month in months]
    so_far = sum(whole[BEFORE - 4 : BEFORE])
    last = float(months[-1][int(30 * 15 / 31) - 1])
    return whole[:BEFORE], so_far, so_far + sum(whole[BEFORE : BEFORE + 3]) + last


def _share(chance: np.random.Generator) -> tuple[list[float], float, float]:
    """100 deals a month, won at a rate that wanders."""
    rates = 1 / (1 + np.exp(1 - np.cumsum(0.08 * chance.normal(size=BEFORE + AHEAD))))
    won = chance.binomial(100, rates) / 100
    inside = np.array([1.0] * 7 + [15 / 31])
    end = float((won[BEFORE - 4 :] * inside).sum() / inside.sum())
    return [float(v) for v in won[:BEFORE]], float(won[BEFORE - 4 : BEFORE].mean()), end


@pytest.mark.parametrize(
    ("make", "metric", "reading"),
    [(_total, "orders", Reading.TOTAL), (_share, "win_rate", Reading.AVERAGE)],
)
def test_four_of_five_end_within_the_range_and_chances_come_true(make, metric, reading) -> None:  # type: ignore[no-untyped-def]
    chance = np.random.default_rng(3)
    inside, told, met = [], [], []
    for _ in range(GOALS):
        series, so_far, end = make(chance)
        target = end * chance.uniform(0.93, 1.07)
        history = history_of(series, metric=metric, reading=reading, now=so_far, target=target, span=SPAN, cut=CUT)
        assert history.now is not None
        found = progress_of(replace(history, now=replace(history.now, denominator=400)))
        assert found.lower is not None
        assert found.upper is not None
        inside.append(found.lower <= end <= found.upper)
        told.append(found.probability)
        met.append(end >= target)
    assert 0.66 <= np.mean(inside) <= 0.96  # 80 % of 50, two and a half standard errors to both sides
    assert np.mean(told) == pytest.approx(np.mean(met), abs=0.13)
    assert np.corrcoef(told, met)[0, 1] > 0.3
