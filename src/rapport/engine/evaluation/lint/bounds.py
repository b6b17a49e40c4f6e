"""Limits that bind for nearly everybody, and bands that nobody is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rapport.engine.evaluation.lint.finding import Finding
from rapport.engine.evaluation.lint.fired import Fired
from rapport.engine.evaluation.lint.redundancy import FEW
from rapport.engine.scores.bands import micro
from rapport.engine.scores.points.spec import PointsDefinition

_ALWAYS = 0.9


def binding(now: Fired) -> Iterator[Finding]:
    """Limits that change the sum of nine in ten of those who have one."""
    for name, change in now.limited.items():
        reached = now.before[name] != 0
        people = int(reached.sum())
        bound = int((change != 0).sum())
        if people >= FEW and bound >= _ALWAYS * people:
            side = "upper" if float(change.sum()) < 0 else "lower"
            sentence = f"The {side} limit of {name} binds for {bound:,} of the {people:,} who have points there."
            yield Finding(
                code="limit_always_binds",
                criterion=name,
                sentence=sentence,
                evidence={"bound": bound, "with_points": people, "side": side},
            )


def empty(definition: PointsDefinition, now: Fired, past: Sequence[Fired]) -> Iterator[Finding]:
    """Bands without anybody, now and at the past instants."""
    if not now.count or len(definition.bands) < 2:
        return
    values = np.concatenate([now.values, *(one.values for one in past)])
    upper: int | None = None
    for position, band in enumerate(definition.bands):
        lower = micro(band.from_) if position < len(definition.bands) - 1 else None
        inside = np.ones(len(values), dtype=bool)
        if lower is not None:
            inside &= values >= lower
        if upper is not None:
            inside &= values < upper
        if not inside.any():
            seen = f"now or at {len(past)} past instants" if past else "now"
            span = f"values go from {_shown(values.min())} to {_shown(values.max())}"
            sentence = f"Nobody is in band {band.label} {seen}; {span}."
            evidence = {"from": float(band.from_), "lowest": values.min() / 1e6, "highest": values.max() / 1e6}
            yield Finding(code="empty_band", criterion=band.label, sentence=sentence, evidence=evidence)
        upper = lower


def _shown(value: np.int64) -> str:
    return f"{value / 1e6:.4g}"
