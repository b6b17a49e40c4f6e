"""Learning what follows what: counts as queries, then the figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from scipy import sparse

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.next_purchase.model import BUCKETS, Counts, Model, fitted
from rapport.engine.scores.next_purchase.purchases import bought, index_of, lines, most_bought, things
from rapport.engine.scores.next_purchase.spec import NextPurchaseDefinition

_SAMPLE = 5_000  # customers that the strength of pairs is fitted on


def learn(
    definition: NextPurchaseDefinition,
    view: AsOf,
    *,
    until: datetime,
    runner: Runner,
    more: dict[str, Any] | None = None,
) -> Model | None:
    """The model of the newest horizon that is over by `until`; None where nobody had bought anything before it."""
    rows = runner.cache(lines(definition, view))
    names = most_bought(rows, definition, until, runner=runner)
    if not names:
        return None
    cut_off = until - timedelta(days=definition.horizon_days)
    told = bought(rows, definition, cut_off, index_of(names, runner), runner=runner)
    active = told.filter(told.had > 0).select("subject_id").distinct()
    told = runner.cache(told.semi_join(active, "subject_id"))
    counts = _counts(told, len(names), runner)
    if not counts.customers:
        return None
    had, then = _sample(told, len(names), counts.customers, runner)
    return fitted(
        counts,
        things=tuple(names),
        shrinkage=definition.shrinkage,
        repeat_from=float(definition.repeat_from),
        sample_had=had,
        sample_then=then,
        upgrades=_upgrades(definition, view, names, runner)
        if definition.goal == "up_sell"
        else tuple(() for _ in names),
        more={"names": _names(definition, view, names, runner), **(more or {})},
    )


def _counts(told: ir.Table, size: int, runner: Runner) -> Counts:
    """`told` as `purchases.bought` gives it, of customers who had something."""
    bucket = ibis.cases(*((told.had >= low, n) for n, low in reversed(list(enumerate(BUCKETS)))), else_=0).cast("int64")
    then = (told["then"] > 0).cast("int64")
    by_times = told.group_by(thing=told.thing, bucket=bucket).aggregate(
        customers=told.count(), followed=then.sum(), spent=told.spent.sum()
    )
    found = runner.to_arrow(by_times).to_pydict()
    had_times, then_times, spent = np.zeros((size, len(BUCKETS))), np.zeros((size, len(BUCKETS))), np.zeros(size)
    np.add.at(had_times, (found["thing"], found["bucket"]), found["customers"])
    np.add.at(then_times, (found["thing"], found["bucket"]), found["followed"])
    np.add.at(spent, found["thing"], found["spent"])
    customers = int(runner.to_arrow(told.aggregate(n=told.subject_id.nunique()))["n"][0].as_py())
    had = had_times[:, 1:].sum(axis=1)
    had_times[:, 0] = customers - had
    before = told.filter(told.had > 0).select(_who="subject_id", first="thing")
    return Counts(
        customers=customers,
        had=had,
        then=then_times.sum(axis=1),
        had_times=had_times,
        then_times=then_times,
        pairs=_pairs(before, told.filter(told.had > 0), size, runner),
        followed=_pairs(before, told.filter(told["then"] > 0), size, runner),
        spent=spent,
    )


def _pairs(before: ir.Table, after: ir.Table, size: int, runner: Runner) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How many customers had the first thing and (had, or then bought) the second."""
    joined = before.join(after.select("subject_id", second="thing"), [("_who", "subject_id")]).mutate()
    found = runner.to_arrow(joined.group_by("first", "second").aggregate(n=joined.count())).to_pydict()
    table = np.zeros((size, size))
    np.add.at(table, (found["first"], found["second"]), found["n"])
    return table


def _sample(told: ir.Table, size: int, customers: int, runner: Runner) -> tuple[sparse.csr_array, sparse.csr_array]:
    """How often some customers, evenly spread over their ids, had and then bought each thing."""
    stride = -(-customers // _SAMPLE)
    ids = told.select("subject_id").distinct()
    if stride > 1:
        place = ibis.row_number().over(order_by=ids.subject_id)
        ids = ids.mutate(place=place)
        ids = ids.filter(ids.place % stride == 0).select("subject_id")
    rows = runner.to_arrow(told.semi_join(ids, "subject_id"))
    who, place = np.unique(rows["subject_id"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    where = (place, rows["thing"].to_numpy())
    shape = (len(who), size)
    columns = (rows[name].to_numpy().astype(np.int64) for name in ("had", "then"))
    had, then = (sparse.csr_array((values, where), shape=shape) for values in columns)
    return had, then


def _names(definition: NextPurchaseDefinition, view: AsOf, numbered: list[str], runner: Runner) -> list[str]:
    """What people call each thing."""
    if definition.of != "product":
        return numbered
    rows = _known(definition, view, numbered, runner)
    return [rows[name]["name"] or name for name in numbered]


def _known(
    definition: NextPurchaseDefinition, view: AsOf, numbered: list[str], runner: Runner
) -> dict[str, dict[str, Any]]:
    wanted = runner.from_arrow(pa.table({"_wanted": pa.array(numbered, pa.string())}))
    rows = things(definition, view)
    found = runner.to_arrow(rows.semi_join(wanted, rows.thing == wanted["_wanted"])).to_pylist()
    return {row["thing"]: row for row in found}


def _upgrades(
    definition: NextPurchaseDefinition, view: AsOf, numbered: list[str], runner: Runner
) -> tuple[tuple[int, ...], ...]:
    """By thing, the numbers of its successor and of the higher tiers of its family."""
    rows = _known(definition, view, numbered, runner)
    number = {name: position for position, name in enumerate(numbered)}
    found = []
    for name in numbered:
        higher = {number[other] for other in numbered if other != name and _is_higher(rows[other], rows[name])}
        successor = number.get(rows[name]["successor"] or "")
        found.append(tuple(sorted(higher | ({successor} if successor is not None else set()))))
    return tuple(found)


def _is_higher(other: dict[str, Any], than: dict[str, Any]) -> bool:
    """Whether a product is a higher tier of the same family: by number where tiers are numbers, else by list price."""
    if not than["family"] or other["family"] != than["family"] or other["tier"] is None or than["tier"] is None:
        return False
    tiers = [str(row["tier"]) for row in (other, than)]
    if all(tier.isdigit() for tier in tiers):
        return int(tiers[0]) > int(tiers[1])
    prices = (other["list_price"], than["list_price"])
    return tiers[0] != tiers[1] and None not in prices and prices[0] > prices[1]
