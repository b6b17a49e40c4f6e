"""Whether the arms have the sizes that were asked for: if not, something else than chance decided who is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import chi2

_SUSPECT = 0.001  # the usual mark: one false alarm in a thousand looks


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One stratum: how many each arm got, and the share each was to get (shares sum to 1)."""

    counts: Mapping[str, int]
    shares: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class RatioCheck:
    """Attributes: expected, by arm; p_value, of Pearson's chi-square over the strata; broken below .001."""

    counts: Mapping[str, int]
    expected: Mapping[str, float]
    p_value: float

    @property
    def broken(self) -> bool:
        return self.p_value < _SUSPECT


def ratio_check(drawn: Sequence[Drawn]) -> RatioCheck:
    """The sample ratio mismatch check. Source: Fabijan et al. 2019, "Diagnosing sample ratio mismatch"."""
    statistic, freedom = 0.0, 0
    counts: dict[str, int] = {}
    expected: dict[str, float] = {}
    for stratum in drawn:
        total = sum(stratum.counts.values())
        possible = [arm for arm, part in stratum.shares.items() if part > 0]
        for arm, part in stratum.shares.items():
            got, due = stratum.counts.get(arm, 0), part * total
            counts[arm], expected[arm] = counts.get(arm, 0) + got, expected.get(arm, 0.0) + due
            if due:
                statistic += (got - due) ** 2 / due
            elif got:
                statistic = float("inf")
        freedom += max(0, len(possible) - 1) if total else 0
    p_value = float(chi2.sf(statistic, freedom)) if freedom else (0.0 if statistic else 1.0)
    return RatioCheck(counts=counts, expected=expected, p_value=p_value)
