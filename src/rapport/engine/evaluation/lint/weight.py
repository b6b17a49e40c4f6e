"""How much each criterion moves the score, and how few would keep its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.stats import rankdata

from rapport.engine.evaluation.lint.finding import Finding
from rapport.engine.evaluation.lint.fired import Fired
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.statistics.auc import Floats

MOST = 0.5  # of the variance
MANY = 8  # criteria
ENOUGH = 0.95  # rank correlation that counts as the same order
_LOOKED_AT = 20_000  # subjects, evenly spread over their ids


def variance_shares(now: Fired) -> list[float] | None:
    """cov(criterion, sum) / var(sum), which add up to 1; None where the sum does not vary."""
    if now.count < 2 or now.points.shape[1] == 0:
        return None
    points = now.points / 1e6
    total = points.sum(axis=1)
    spread = float(np.var(total))
    if spread <= 0:
        return None
    centred = total - total.mean()
    shares = (points - points.mean(axis=0)).T @ centred / now.count / spread
    return [float(share) for share in shares]


def heavy(definition: PointsDefinition, shares: Sequence[float] | None) -> Iterator[Finding]:
    """The criterion that carries most of the variance of a score of three or more."""
    criteria = [c for _, c in definition.criteria]
    if shares is None or len(criteria) < 3:
        return
    for criterion, share in zip(criteria, shares, strict=True):
        if share > MOST:
            sentence = (
                f"It carries {share:.0%} of what tells people apart; the other {len(criteria) - 1} share the rest."
            )
            yield Finding(
                code="carries_variance", criterion=criterion.name, sentence=sentence, evidence={"variance_share": share}
            )


def kept_orders(now: Fired, shares: Sequence[float] | None) -> tuple[float, ...]:
    """Spearman's correlation of the score with the sum of its k strongest criteria, k = 1, 2, ..."""
    if shares is None or len(set(now.values.tolist())) < 2:
        return ()
    step = max(1, now.count // _LOOKED_AT)
    points, values = now.points[::step], rankdata(now.values[::step])
    strongest = np.argsort(-np.asarray(shares), kind="stable")
    sums = np.cumsum(points[:, strongest], axis=1)
    return tuple(_correlation(values, rankdata(sums[:, k])) for k in range(sums.shape[1]))


def crowded(definition: PointsDefinition, shares: Sequence[float] | None, kept: Sequence[float]) -> Iterator[Finding]:
    """A score of many criteria of which half or fewer keep the order."""
    criteria = [c for _, c in definition.criteria]
    enough = next((k for k, found in enumerate(kept, start=1) if found >= ENOUGH), None)
    if shares is None or enough is None or len(criteria) < MANY or enough > len(criteria) / 2:
        return
    order = np.argsort(-np.asarray(shares), kind="stable")
    names = [criteria[position].name for position in order[:enough]]
    sentence = (
        f"{enough} of {len(criteria)} criteria alone give nearly the same order "
        f"(rank correlation {kept[enough - 1]:.2f}): {', '.join(names)}."
    )
    evidence = {"criteria": len(criteria), "enough": enough, "correlation": kept[enough - 1], "names": names}
    yield Finding(code="over_scoring", criterion="", sentence=sentence, evidence=evidence)


def _correlation(a: Floats, b: Floats) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
