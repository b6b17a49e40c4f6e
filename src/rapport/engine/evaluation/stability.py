"""Whether a score says at one cut-off what it said at the one before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.stats import spearmanr

from rapport.engine.evaluation.cases import CutOffCases
from rapport.engine.evaluation.report import Stability

_FEWEST = 3


def stability(cases: Sequence[CutOffCases]) -> tuple[Stability, ...]:
    """One row for each two cut-offs in a row, over the subjects that are cases of both."""
    return tuple(_compared(earlier, later) for earlier, later in pairwise(cases))


def _compared(earlier: CutOffCases, later: CutOffCases) -> Stability:
    position = {subject: i for i, subject in enumerate(later.subject_ids)}
    pairs = [(i, position[s]) for i, s in enumerate(earlier.subject_ids) if s in position]
    then = np.array([i for i, _ in pairs], dtype=int)
    now = np.array([j for _, j in pairs], dtype=int)
    banded = [(earlier.bands[i], later.bands[j]) for i, j in pairs if earlier.bands[i] is not None]
    return Stability(
        earlier=earlier.as_of,
        later=later.as_of,
        shared=len(pairs),
        rank_correlation=_correlation(earlier.values[then], later.values[now]) if len(pairs) >= _FEWEST else None,
        same_band=sum(a == b for a, b in banded) / len(banded) if banded else None,
    )


def _correlation(before: np.ndarray, after: np.ndarray) -> float | None:
    if np.ptp(before) == 0 or np.ptp(after) == 0:
        return None
    return float(spearmanr(before, after).statistic)
