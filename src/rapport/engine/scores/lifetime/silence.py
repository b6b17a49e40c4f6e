"""Whether the chance of silence comes true, judged by the last horizon, and what makes it right where it does not."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.candidates import Split, counted_split, repeat_buyers
from rapport.engine.scores.lifetime.curves import Ahead, buys
from rapport.engine.scores.lifetime.expectation import EDGE, Histories, times_alive
from rapport.engine.scores.lifetime.learn import shrunk
from rapport.engine.scores.lifetime.models.registry import PURCHASE_MODELS
from rapport.engine.statistics.calibrator import Calibrator, fit_calibrator

_ENOUGH = 30  # customers who bought, and who did not
_MOST = 20_000


def silence_calibrator(name: str, *, horizon_days: int, split: Split, runner: Runner) -> Calibrator | None:
    """From the model's log-odds of buying nothing to those that came true in the last `horizon_days`.

    The model is fitted anew on the time before, so that nothing it is judged by was known to it. None where too few
    bought or did not; the identity where nothing asks for a change.
    """
    rows, later = counted_split(split, horizon_days, runner)
    silent = float(rows.weight[later == 0].sum())
    if min(silent, rows.customers - silent) < _ENOUGH:
        return None
    model = shrunk(PURCHASE_MODELS[name], rows, informative=repeat_buyers(rows)).model
    nothing = np.zeros(len(rows))
    histories = Histories(x=rows.x, t_x=rows.t_x, age=rows.T, spend_count=nothing, spend=nothing)
    chance = 1.0 - times_alive(buys, model, histories, Ahead(horizon=float(horizon_days)))
    odds = np.asarray(logit(np.clip(chance, EDGE, 1 - EDGE)))
    counts = _thinned(rows.weight)
    cases, events = np.repeat(odds, counts), np.repeat(later == 0, counts)
    found = fit_calibrator(cases, events)
    return fit_calibrator(cases, events, method="platt") if found.method == "venn_abers" else found


def _thinned(weight: np.ndarray) -> np.ndarray:
    """Customers of each row, of `_MOST` drawn at random where there are more; the same each time."""
    share = min(1.0, _MOST / weight.sum())
    whole = weight.astype(np.int64)
    return whole if share == 1 else np.random.default_rng(_MOST).binomial(whole, share)
