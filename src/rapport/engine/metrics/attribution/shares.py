"""The models told by rules: each step's share of the credit for the purchase at the path's end."""

from __future__ import annotations

from collections.abc import Collection

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from rapport.engine.metrics.attribution.models import BY_RULE, HALF_LIFE_DAYS, LAST_TOUCH, TIME_DECAY, Model
from rapport.engine.metrics.attribution.paths import steps, touched_before
from rapport.engine.metrics.attribution.touches import touches
from rapport.engine.metrics.reading import Reading, elapsed, plain
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.lead_entries import lead_entries

DIGITS = 9
SHARE = dt.Decimal(18, DIGITS)
_PATH = ("conversion_id",)


def shares(conversions: ir.Table, reading: Reading, wanted: Collection[str]) -> ir.Table:
    """One row per conversion that was touched and campaign of its path: _conversion, _campaign, begins, share_<model>.

    Parameters:
        conversions: one row each: conversion_id, at, customer_id, deal_id.
        wanted: ids of models told by rules.
    Shares have nine digits, and those of a conversion add up to exactly 1 in each model. `begins`: the path begins with
    this campaign; one row per path.
    """
    models = [model for model in BY_RULE if model.id in wanted]
    path = steps(touched_before(_keyed(conversions), touches(reading, direct=True), reading), _PATH, reading)
    keyed = _with_key_steps(path, conversions, reading, models)
    told = keyed.mutate(**{f"share_{model.id}": _share(keyed, model, reading) for model in models})
    rows = told.group_by(_conversion="conversion_id", _campaign="campaign_id").aggregate(
        begins=(told.step == 1).any(),
        **{f"share_{m.id}": told[f"share_{m.id}"].sum().round(DIGITS).cast(SHARE) for m in models},
    )
    whole, nothing = ibis.window(group_by=rows["_conversion"]), ibis.literal(0).cast(SHARE)
    left = {m.id: ibis.literal(1).cast(SHARE) - rows[f"share_{m.id}"].sum().over(whole).cast(SHARE) for m in models}
    return rows.mutate(
        **{
            f"share_{m}": (rows[f"share_{m}"] + ibis.ifelse(rows.begins, rest, nothing)).cast(SHARE)
            for m, rest in left.items()
        }
    )


def _keyed(conversions: ir.Table) -> ir.Table:
    return conversions.select("conversion_id", "customer_id", "at")


def _with_key_steps(path: ir.Table, conversions: ir.Table, reading: Reading, models: Collection[Model]) -> ir.Table:
    """The steps with bought_at, and where a model asks the numbers of the steps of the lead and of the deal."""
    asked = {key for model in models for key in model.weights}
    facts = conversions.select("conversion_id", "customer_id", "deal_id", bought_at="at")
    instants = []
    if "lead" in asked and reading.has("contacts"):
        facts = _joined(facts, _became_lead(reading), "customer_id")
        instants.append("lead")
    if "deal" in asked and reading.has("deals"):
        deals = reading.lookup("deals", ["created_at"]).select(_key="id", deal_at="created_at")
        facts = _joined(facts, deals, "deal_id")
        instants.append("deal")
    rows = _joined(path, facts.rename(_key="conversion_id").drop("customer_id", "deal_id"), "conversion_id")
    whole = ibis.window(group_by=rows.conversion_id)
    # the touch by which it came about: the last one begun by then
    numbers = {
        f"{key}_step": ibis.ifelse(rows.counted & (rows.first_at <= rows[f"{key}_at"]), rows.step, ibis.null())
        .max()
        .over(whole)
        for key in instants
    }
    nothing = ibis.null().cast("int64")
    return rows.mutate(lead_step=nothing, deal_step=nothing).mutate(**numbers)


def _joined(rows: ir.Table, facts: ir.Table, key: str) -> ir.Table:
    return rows.left_join(facts, [(key, "_key")]).drop("_key").mutate(conversion_id=lambda t: t.conversion_id)


def _became_lead(reading: Reading) -> ir.Table:
    """One row per customer of whom somebody became a lead: _key, lead_at."""
    entries = lead_entries(reading)
    people = entries.select("id", "at", contact_id=entries.id, account_id=ibis.null().cast("string"))
    known = with_customer(plain(people), reading)
    return known.group_by(_key="customer_id").aggregate(lead_at=known["at"].min())


def _share(rows: ir.Table, model: Model, reading: Reading) -> ir.FloatingValue:
    """What a step gets; the same sum of 1 for each path."""
    whole = ibis.window(group_by=rows.conversion_id)
    if model.id == LAST_TOUCH:
        return (rows.step == rows.step.max().over(whole)).cast("float64")
    if model.id == TIME_DECAY:
        half_life = float(reading.whole_number("attribution_half_life_days", HALF_LIFE_DAYS))
        weight = ibis.literal(2.0) ** (-elapsed(rows.last_at, rows.bought_at, unit="days") / half_life)
        counted = ibis.ifelse(rows.counted, weight, 0.0)
        return counted / counted.sum().over(whole)
    return _by_position(rows, model)


def _by_position(rows: ir.Table, model: Model) -> ir.FloatingValue:
    """Key steps share 1 - rest by their weights, the others the rest; whoever lacks leaves it to those there are."""
    numbers = {"first": ibis.literal(1), "last": rows.steps, "lead": rows.lead_step, "deal": rows.deal_step}
    at_key = {key: (rows.step == numbers[key]).fill_null(False) for key in model.weights}
    own, there = ibis.literal(0.0), ibis.literal(0.0)
    is_key: ir.BooleanValue = ibis.literal(value=False)
    for key, weight in model.weights.items():
        own = own + ibis.ifelse(at_key[key], weight, 0.0)
        there = there + ibis.ifelse(numbers[key].notnull(), weight, 0.0)
        is_key = is_key | at_key[key]
    other = rows.counted & ~is_key
    others = other.cast("int64").sum().over(ibis.window(group_by=rows.conversion_id))
    rest = ibis.ifelse(others > 0, model.rest, 0.0)
    keys = own / there * (1.0 - rest) if model.weights else ibis.literal(0.0)
    return ibis.ifelse(rows.counted, keys + ibis.ifelse(other, rest / others.cast("float64"), 0.0), 0.0)
