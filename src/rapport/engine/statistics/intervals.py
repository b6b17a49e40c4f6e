"""How sure a rate is: intervals of shares and of the net promoter score, of 95 % unless another z is given."""

from __future__ import annotations

from math import sqrt

import numpy as np

Z_95 = 1.959963984540054  # the 97.5th percentile of the standard normal distribution
Z_90 = 1.6448536269514722  # the 95th
SMALL_SAMPLE = 30  # below it a share or a mean is flagged
_PLENTY_OF_ANSWERS = 100


def wilson(successes: float, trials: float, *, z: float = Z_95) -> tuple[float, float] | None:
    """Wilson's score interval of a share in 0..1; None without trials.

    Source: Wilson 1927, equation without continuity correction. 8 of 10 gives 0.4902 to 0.9433.
    """
    if trials <= 0:
        return None
    share = successes / trials
    spread = z * sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    centre = share + z**2 / (2 * trials)
    scale = 1 + z**2 / trials
    # at 0 and 1 the bound is the share itself, which floats miss by a hair
    return min(share, max(0.0, (centre - spread) / scale)), max(share, min(1.0, (centre + spread) / scale))


def net_promoter(promoters: int, passives: int, detractors: int) -> float | None:
    """100 x (promoters - detractors) / answers, from -100 to 100; None without answers."""
    answers = promoters + passives + detractors
    return 100 * (promoters - detractors) / answers if answers else None


def net_promoter_interval(
    promoters: int, passives: int, detractors: int, *, z: float = Z_95
) -> tuple[float, float] | None:
    """The interval: Wald, or adjusted Wald under 100 answers and where Wald collapses.

    Wald has no width when all answers fall in one class, and is too narrow for few answers.
    """
    answers = promoters + passives + detractors
    if not answers:
        return None
    if needs_adjusted_wald(promoters, passives, detractors):
        return net_promoter_adjusted_wald(promoters, passives, detractors, z=z)
    return _wald(promoters, passives, detractors, z)


def needs_adjusted_wald(promoters: int, passives: int, detractors: int) -> bool:
    """Whether Wald's interval would be too narrow: under 100 answers, or none or all of them passive."""
    answers = promoters + passives + detractors
    return 0 < answers < _PLENTY_OF_ANSWERS or (answers > 0 and promoters + detractors in (0, answers))


def net_promoter_wald(promoters: int, passives: int, detractors: int) -> tuple[float, float] | None:
    """100 x (d +- 1.96 SE) with SE = sqrt((p + q - d^2) / n) and d = p - q; None without answers."""
    return _wald(promoters, passives, detractors, Z_95) if promoters + passives + detractors else None


def net_promoter_adjusted_wald(
    promoters: int, passives: int, detractors: int, *, z: float = Z_95
) -> tuple[float, float]:
    """Wald after adding 3/4 of a promoter, 1 1/2 passives and 3/4 of a detractor.

    Source: Rocks 2016, "Interval estimation for the net promoter score".
    """
    return _wald(promoters + 0.75, passives + 1.5, detractors + 0.75, z)


def net_promoter_bootstrap(
    promoters: int, passives: int, detractors: int, *, draws: int = 10_000, seed: int = 1
) -> tuple[float, float] | None:
    """Percentile bootstrap: between which scores 95 % of samples drawn anew from the answers lie; None without answers.

    Source: Efron and Tibshirani 1993, section 13.3. Where all answers are alike it has no width.
    """
    answers = promoters + passives + detractors
    if not answers:
        return None
    shares = np.array([promoters, passives, detractors]) / answers
    drawn = np.random.default_rng(seed).multinomial(answers, shares, size=draws)
    low, high = np.quantile(100 * (drawn[:, 0] - drawn[:, 2]) / answers, [0.025, 0.975])
    return float(low), float(high)


def _wald(promoters: float, passives: float, detractors: float, z: float) -> tuple[float, float]:
    answers = promoters + passives + detractors
    share_up, share_down = promoters / answers, detractors / answers
    net = share_up - share_down
    width = z * sqrt(max(0.0, share_up + share_down - net**2) / answers)
    return 100 * (net - width), 100 * (net + width)
