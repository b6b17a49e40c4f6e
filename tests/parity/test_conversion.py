"""Predictive scores are the same on every engine: the features, and what a given run makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from crm_rows import snapshot
from lead_company import NOW, lead_tables
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.features.frame import Layout, feature_frame
from rapport.engine.scores.features.terms import Feature, Nature
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.population import PopulationRun
from rapport.engine.statistics.additive import Categories, Features

pytestmark = pytest.mark.slow

ZONE = "Asia/Kathmandu"
RULE = parse_definition(
    "{name: buys, subject: contact, kind: conversion, outcome: {event: order_placed, within_days: 60},"
    " models_by: {friends: {field: contact.lead_source, is: referral}}}"
)
FEATURES = {
    "contact.created_at": Nature.NUMBER,
    "contact.lead_source": Nature.CATEGORY,
    "contact.email_domain": Nature.CATEGORY,
    "contact.Size": Nature.NUMBER,
    "account.industry": Nature.CATEGORY,
    "account.annual_revenue": Nature.NUMBER,
    "account.orders.placed.amount_ever": Nature.NUMBER,
    "events.page_view.7d": Nature.NUMBER,
    "events.page_view[/pricing].ever": Nature.NUMBER,
    "events.=inbound.days": Nature.NUMBER,
    "orders.placed.ever": Nature.NUMBER,
    "orders.placed.amount_365d": Nature.NUMBER,
    "cases.opened.30d": Nature.NUMBER,
}


def tables() -> dict[str, list[dict[str, Any]]]:
    """Sixty leads, ten accounts; amounts with cents, texts where numbers are expected, nulls."""
    made = lead_tables(
        60, properties=lambda contact, _: {"Size": contact["id"][-2:] if contact["id"] < "c0050" else "?"}
    )
    for n, contact in enumerate(made["contacts"]):
        contact["account_id"] = f"a{n % 11}" if n % 3 else None
    for n, order in enumerate(made["orders"]):
        order |= {"amount": Decimal(n * 7) / 4, "currency": ("EUR", None, "SEK")[n % 3], "account_id": None}
    first = NOW - timedelta(days=500)
    made["accounts"] = [
        {"id": f"a{n}", "created_at": first, "recorded_at": first, "annual_revenue": Decimal(n) / 3 if n else None}
        | {"industry": "software" if n % 2 else None}
        for n in range(10)
    ]
    for account in made["accounts"]:
        if account["annual_revenue"] is not None:
            account["annual_revenue"] = account["annual_revenue"].quantize(Decimal("0.0001"))
    return made


def features(runner: Runner) -> dict[str, dict[str, Any]]:
    layout = Layout.of([Feature(name=name, nature=nature) for name, nature in FEATURES.items()], "contact")
    view = as_known(snapshot(runner, time_zone=ZONE, **tables()), NOW)
    rows = runner.to_arrow(feature_frame(view, "contact", layout, time_zone=ZONE, runner=runner))
    found = layout.read(rows)
    return {
        key: {name: _value(found, name, place) for name in FEATURES}
        for place, key in enumerate(rows["subject_id"].to_pylist())
    }


def _value(found: Features, name: str, row: int) -> Any:
    column = found[name]
    if isinstance(column, Categories):
        return column.levels[column.codes[row]] if column.codes[row] >= 0 else None
    return None if np.isnan(column.values[row]) else float(column.values[row])


@pytest.fixture(scope="module")
def run() -> Iterator[PopulationRun]:
    """A run learnt on DuckDB, as text, so that nothing but the text reaches the engines."""
    with DuckdbRunner(threads=2) as runner:
        view = as_known(snapshot(runner, time_zone=ZONE, **lead_tables()), NOW)
        yield PopulationRun.from_json(KINDS["conversion"].population(RULE, view, runner=runner).to_json())


def test_features(engine: Runner, runner: DuckdbRunner) -> None:
    found = features(engine)
    assert found == features(runner)
    assert len(found) == 60
    for name in FEATURES:
        known = {row[name] for row in found.values()} - {None, 0.0}
        assert known or name.startswith(("account.orders", "cases")), f"{name} says nothing"


def test_scores_and_reasons_of_a_run(engine: Runner, runner: DuckdbRunner, run: PopulationRun) -> None:
    told, reasons = zip(*(scored(on, run) for on in (engine, runner)), strict=True)
    assert told[0] == told[1]
    assert len({row["value"] for row in told[0]}) > 40
    assert reasons[0] == reasons[1]
    assert sum(one.value is not None for one in reasons[0].values()) == 2


def scored(runner: Runner, run: PopulationRun) -> tuple[list[dict[str, Any]], Any]:
    kind, view = KINDS["conversion"], as_known(snapshot(runner, time_zone=ZONE, **lead_tables()), NOW)
    rows = runner.to_arrow(kind.score(RULE, view, runner=runner, run=run)).to_pylist()
    open_ones = sorted(row["subject_id"] for row in rows if row["value"] is not None)[:2]
    return sorted(rows, key=lambda row: str(row["subject_id"])), kind.explain(
        RULE, view, subject_ids=open_ones, runner=runner, run=run
    )
