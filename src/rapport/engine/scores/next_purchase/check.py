"""Does it tell what is bought next? The share of customers who bought one of the first k offers, beside popularity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy import sparse

from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner
from rapport.engine.scores.exact import Whole
from rapport.engine.scores.next_purchase.expression import values
from rapport.engine.scores.next_purchase.learn import learn
from rapport.engine.scores.next_purchase.model import Model
from rapport.engine.scores.next_purchase.purchases import bought, index_of, lines
from rapport.engine.scores.next_purchase.spec import NextPurchaseDefinition
from rapport.engine.statistics.wilson import Share, share


@dataclass(frozen=True, kw_only=True)
class HitRate:
    """Of customers who bought something that could have been offered: those for whom one of k offers was right.

    Attributes: ours, popular (the most popular things that could be offered to the same customer).
    """

    k: int
    ours: Share
    popular: Share


def held_out(
    definition: NextPurchaseDefinition,
    snapshot: Snapshot,
    *,
    cut_off: datetime,
    runner: Runner,
    ks: tuple[int, ...] = (1, 3),
) -> list[HitRate]:
    """Hit rates in the horizon after a cut-off, of the model learnt from what was known at it."""
    model = learn(definition, as_known(snapshot, cut_off), until=cut_off, runner=runner)
    end = cut_off + timedelta(days=definition.horizon_days)
    if model is None:
        return []
    return hit_rates(definition, model, as_known(snapshot, end), cut_off=cut_off, runner=runner, ks=ks)


def hit_rates(
    definition: NextPurchaseDefinition,
    model: Model,
    view: AsOf,
    *,
    cut_off: datetime,
    runner: Runner,
    ks: tuple[int, ...] = (1, 3),
) -> list[HitRate]:
    """Hit rates of a model in the horizon after a cut-off."""
    index = index_of(list(model.things), runner)
    told = bought(lines(definition, view), definition, cut_off, index, runner=runner)
    rows = runner.to_arrow(told.order_by(["subject_id", "thing"]))
    who, place = np.unique(rows["subject_id"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    where, shape = (place, rows["thing"].to_numpy()), (len(who), len(model.things))
    had = sparse.csr_array((rows["had"].to_numpy(), where), shape=shape)
    had.eliminate_zeros()
    then = sparse.csr_array((rows["then"].to_numpy(), where), shape=shape).toarray() > 0
    active = np.asarray(had.sum(axis=1)).reshape(-1) > 0
    had, then = had[active], then[active]
    worth = values(model, definition, had)
    judged = (then & (worth >= 0)).any(axis=1)
    popular = np.where(worth >= 0, model.popular[None, :], -1)
    return [
        HitRate(k=k, ours=_share(worth[judged], then[judged], k), popular=_share(popular[judged], then[judged], k))
        for k in ks
    ]


def _share(worth: Whole, then: Whole, k: int) -> Share:
    order = np.argsort(-worth, axis=1, kind="stable")[:, :k]
    right = np.take_along_axis(then & (worth >= 0), order, axis=1).any(axis=1).sum()
    return share(float(right), float(len(worth)))
