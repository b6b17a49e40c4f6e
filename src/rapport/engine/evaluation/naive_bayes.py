"""A naive Bayes score of the kind Odoo computes, as a baseline.

How Odoo's predictive lead scoring works, restated: for each (field, value) it counts won and lost
leads and adds 0.1 to both, so that nothing seen is impossible. A lead's win score is the share of
won leads times, for each field that is set and whose value was seen, count(value, won) / sum over
the field's values of count(value, won); its lost score likewise; the probability is win score over
both, rounded to 0.01 % and held within 0.01 .. 99.99 %. Fields are country, state, whether e-mail and phone are
there, source, language and the stage. Without both won and lost leads there is no probability.

Differs: one table for all teams (Odoo keeps one per team and falls back to this one); stages count
like any field (Odoo counts a won lead in every stage); values are those known at the start of the window
that is counted, where Odoo reads what the records say today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from rapport.engine.statistics.auc import Flags, Floats

Fields = Mapping[str, Sequence[str | None]]
"""A column of values per field; None where it is not set."""

_ADDED = 0.1
_FLOOR, _CEILING = 0.0001, 0.9999


@dataclass(frozen=True, kw_only=True)
class NaiveBayes:
    """Counted frequencies.

    Attributes:
        prior: share of won cases, with 0.1 added to won and lost.
        odds: log(P(value | won) / P(value | lost)) by field and value.
    """

    prior: float
    odds: Mapping[str, Mapping[str, float]]

    def probabilities(self, fields: Fields) -> Floats:
        """P(won) of each case, 0.0001 .. 0.9999 in steps of 0.0001."""
        size = len(next(iter(fields.values()), ()))
        total = np.full(size, np.log(self.prior / (1 - self.prior)))
        for field, values in fields.items():
            seen = self.odds.get(field, {})
            total += np.array([0.0 if v is None else seen.get(v, 0.0) for v in values])
        return np.asarray(np.clip(np.round(expit(total), 4), _FLOOR, _CEILING), dtype=float)


def naive_bayes(fields: Fields, won: Flags) -> NaiveBayes | None:
    """Frequencies counted over decided cases; None where all were won, all lost, or no field is ever set."""
    won_count, lost_count = int(won.sum()), int(len(won) - won.sum())
    if not won_count or not lost_count or all(v is None for values in fields.values() for v in values):
        return None
    return NaiveBayes(
        prior=(won_count + _ADDED) / (won_count + lost_count + 2 * _ADDED),
        odds={field: _odds(values, won) for field, values in fields.items()},
    )


def _odds(values: Sequence[str | None], won: Flags) -> dict[str, float]:
    counts: dict[str, list[float]] = {}
    for value, is_won in zip(values, won.tolist(), strict=True):
        if value is not None:
            counts.setdefault(value, [_ADDED, _ADDED])[0 if is_won else 1] += 1
    won_total = sum(c[0] for c in counts.values())
    lost_total = sum(c[1] for c in counts.values())
    return {value: float(np.log(w / won_total) - np.log(lost / lost_total)) for value, (w, lost) in counts.items()}
