"""Small companies whose truth is known."""

import numpy as np

from rapport.engine.statistics.additive import Features
from rapport.engine.statistics.auc import Flags


def company(rows: int = 4000, seed: int = 1) -> tuple[Features, Flags]:
    """Visits raise the odds, plan `pro` doubles them, noise says nothing; a tenth of the visits is not known."""
    rng = np.random.default_rng(seed)
    visits = rng.integers(0, 20, rows).astype(float)
    plan = rng.choice(["free", "pro", "team"], rows)
    odds = -2.5 + 0.2 * visits + 0.7 * (plan == "pro")
    events = rng.random(rows) < 1 / (1 + np.exp(-odds))
    visits[rng.random(rows) < 0.1] = np.nan
    return Features.of({"visits": visits, "plan": plan.astype(object), "noise": rng.normal(size=rows)}), events
