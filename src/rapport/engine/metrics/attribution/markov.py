"""Removal effects of a first-order Markov chain over paths (Anderl et al. 2016, IJRM 33(3), 457-474)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]


def removal_effects(starts: Counts, moves: Counts, converted: Counts, lost: Counts) -> Counts:
    """By how much each of n campaigns is needed: 1 - P(conversion without it) / P(conversion), 0..1.

    Parameters:
        starts: (n,) paths that begin with each campaign.
        moves: (n, n) steps from one to another.
        converted, lost: (n,) paths that end with it in a conversion, and without one.
    Every campaign is on a path, and a path ends. Who comes to a removed campaign is lost. The walks that avoid campaign
    c are all walks without those that reach it, so that one inverse tells all effects:
    P(reach c) = N[s, c] / N[c, c], with N = (I - Q)^-1 (Kemeny and Snell 1960, theorem 3.5.7).
    Without a conversion all effects are 0.
    """
    leaving = moves.sum(axis=1) + converted + lost
    visits = np.linalg.inv(np.eye(len(starts)) - moves / leaving[:, None])
    converts = visits @ (converted / leaving)
    begin = starts / starts.sum()
    overall = float(begin @ converts)
    if overall <= 0:
        return np.zeros(len(starts))
    reached = (begin @ visits) / np.diag(visits)
    effects: Counts = np.clip(reached * converts / overall, 0.0, 1.0)
    return effects
