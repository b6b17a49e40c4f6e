"""Why this offer, and how likely: what is popular, what was bought before, and what those things lead to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from rapport.engine.scores.bands import MICRO, micro
from rapport.engine.scores.exact import shares
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.next_purchase.expression import NextPurchases, best_offers, had_of, values
from rapport.engine.scores.next_purchase.model import PERCENT, Model, buckets
from rapport.engine.scores.next_purchase.spec import NextPurchaseDefinition

NAMED = 4  # things had that have a line of their own


def explain(purchases: NextPurchases) -> dict[str, Explanation]:
    """The explanation of each subject asked for."""
    rows = purchases.runner.to_arrow(purchases.rows()).to_pylist()
    model, definition = purchases.model, purchases.definition
    if model is None or all(row["micro"] is None for row in rows):
        return {row["subject_id"]: Explanation(value=None, reason_null=row["reason_null"]) for row in rows}
    table: pa.Table = purchases.runner.to_arrow(purchases.had)
    codes = dict(zip(table["subject_id"].to_pylist(), table["codes"].to_pylist(), strict=True))
    told = {}
    for row in rows:
        if row["micro"] is None:
            told[row["subject_id"]] = Explanation(value=None, reason_null=row["reason_null"])
            continue
        had = had_of([codes[row["subject_id"]]], len(model.things))
        lines = tuple(_lines(model, definition, had))
        told[row["subject_id"]] = Explanation(
            value=_decimal(row["micro"]), lines=lines, facts=_facts(model, definition, had, row["best_time"])
        )
    return told


def _lines(model: Model, definition: NextPurchaseDefinition, had: sparse.csr_array) -> Iterator[Line]:
    offer = int(best_offers(model, definition, had)[0][0])
    names = model.more["names"]
    times = int(had.toarray()[0, offer])
    popular = int(model.popular[offer])
    own = int(model.own[offer, int(buckets(np.array([times]))[0])]) - popular
    things = [int(thing) for thing in had.indices]
    pulls = shares([int(model.pull[thing, offer]) * model.strength for thing in things], len(things) * MICRO)
    chance = int(model.chances(had)[0, offer])
    limited = chance - popular - own - sum(pulls)
    raw = [popular, own, *pulls, limited]
    if definition.value == "expected_value":
        worth = shares([part * int(model.price[offer]) for part in raw], PERCENT)
        worth = [*worth, min(sum(worth), micro(definition.range.max)) - sum(worth)]
    else:
        worth = [*raw, 0]
    share = f"{100 * popular / PERCENT:.1f} % of all customers buy it in {definition.horizon_days} days"
    yield Line(
        name=names[offer], group="popular", points=_decimal(worth[0]), sentence=f"{names[offer]}: {share}.", kind="base"
    )
    before = f"bought {times} times before" if times else "not bought before"
    yield Line(
        name="bought before",
        group="own",
        points=_decimal(worth[1]),
        sentence=f"{names[offer]} {before}.",
        evidence={"orders": times},
    )
    yield from _pulled(model, things, worth[2:-2])
    for name, change, bound in (
        ("probability", worth[-2], "lies between 0 and 100 %"),
        ("range", worth[-1], "is at most the range"),
    ):
        if change:
            yield Line(name=name, group="", points=_decimal(change), sentence=f"The {name} {bound}.", kind="limit")


def _pulled(model: Model, things: list[int], worth: list[int]) -> Iterator[Line]:
    """What the things had lead to, the strongest by name."""
    names = model.more["names"]
    order = sorted(range(len(things)), key=lambda place: (-abs(worth[place]), things[place]))
    for place in order[:NAMED]:
        often = "more" if worth[place] >= 0 else "less"
        yield Line(
            name=names[things[place]],
            group="has",
            points=_decimal(worth[place]),
            sentence=f"Bought {names[things[place]]}, whose buyers go on to buy it {often} often than others.",
        )
    if rest := order[NAMED:]:
        total = sum(worth[place] for place in rest)
        yield Line(
            name="other purchases",
            group="has",
            points=_decimal(total),
            sentence=f"{len(rest)} other things bought.",
            evidence={"things": len(rest)},
        )


def _facts(
    model: Model, definition: NextPurchaseDefinition, had: sparse.csr_array, best_time: str | None
) -> dict[str, Any]:
    worth = values(model, definition, had)[0]
    order = np.argsort(-worth, kind="stable")[: definition.offers]
    unit = " %" if definition.value == "probability" else ""
    told = [f"{model.more['names'][n]} {worth[n] / MICRO:.1f}{unit}" for n in order if worth[n] >= 0]
    facts: dict[str, Any] = {"offers": ", ".join(told), "learnt from customers": model.customers}
    if best_time is not None:
        facts["best time to contact"] = best_time
    return facts


def _decimal(whole: int) -> Decimal:
    return (Decimal(int(whole)) / MICRO).quantize(Decimal("0.000001"))
