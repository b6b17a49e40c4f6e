"""A simulated company whose truth is known: the chance learnt from its past holds for the time after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.simulation import Simulation, simulate, truth
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.conversion.model import ConversionModel, model_of
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.statistics.auc import Cases, auc
from rapport.engine.statistics.calibration import calibration

pytestmark = pytest.mark.slow

END = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90
CUT_OFF = END - timedelta(days=DAYS)
RULE = parse_definition(
    f"{{name: buys, subject: contact, kind: conversion, outcome: {{event: deal_won, within_days: {DAYS}}}}}"
)


@dataclass
class HeldOut:
    """Everyone eligible 90 days before the end, and who bought since: nothing of it was known to the model."""

    model: ConversionModel
    told: NDArray[np.float64]
    true_log_odds: NDArray[np.float64]
    bought: NDArray[np.bool_]
    fresh: NDArray[np.bool_]  # known for 30 days at most

    @classmethod
    def of(cls, *, drift: float) -> HeldOut:
        simulation = Simulation(contacts=8_000, interactions=120_000, end=END, drift=drift, seed=11)
        tables = simulate(simulation)
        with DuckdbRunner(threads=2) as runner:
            snapshot = Snapshot({name: runner.from_arrow(rows) for name, rows in tables.items()})
            view = as_known(snapshot, CUT_OFF)
            run = KINDS["conversion"].population(RULE, view, runner=runner)
            rows = runner.to_arrow(KINDS["conversion"].score(RULE, view, runner=runner, run=run)).to_pylist()
        assert run.model is not None
        scored = {row["subject_id"]: row["probability"] for row in rows if row["value"] is not None}
        made = dict(
            zip(tables["contacts"]["id"].to_pylist(), tables["contacts"]["created_at"].to_pylist(), strict=True)
        )
        why = {row["contact_id"]: row for row in truth(simulation).to_pylist() if row["contact_id"] in scored}
        won = [row["won_at"] for row in why.values()]
        return cls(
            model_of(run.model.text),
            np.array([scored[key] for key in why]),
            np.array([row["logit"] for row in why.values()]),
            np.array([at is not None and CUT_OFF < at <= END for at in won]),
            np.array([made[key] > CUT_OFF - timedelta(days=30) for key in why]),
        )

    def ranks(self, scores: NDArray[np.float64], among: NDArray[np.bool_]) -> float:
        events = self.bought[among]
        found = auc([Cases(scores=scores[among], events=events, clusters=np.arange(len(events)))]).value
        assert found is not None
        return found


@pytest.fixture(scope="module")
def steady() -> HeldOut:
    return HeldOut.of(drift=0.0)


@pytest.fixture(scope="module")
def falling() -> HeldOut:
    return HeldOut.of(drift=-1.2)


def test_what_is_said_likely_happens_as_often_as_said(steady: HeldOut) -> None:
    found = calibration(steady.told, steady.bought)
    assert found is not None
    assert found.slope is not None
    assert found.intercept is not None
    assert found.skill is not None
    assert 0.9 <= found.slope <= 1.1
    assert abs(found.intercept) < 0.5
    assert found.skill > 0.2


def test_new_leads_are_ranked_as_well_as_their_hidden_chance_ranks_them(steady: HeldOut) -> None:
    """The hidden chance of ever buying, intent included, which only shows in what a lead does."""
    hidden = steady.ranks(steady.true_log_odds, steady.fresh)
    assert steady.ranks(steady.told, steady.fresh) > hidden - 0.03
    assert steady.ranks(steady.told, np.ones(len(steady.told), dtype=bool)) > 0.95, "silence for a year is telling"


def test_a_rate_that_falls_is_followed_and_said(falling: HeldOut) -> None:
    found = calibration(falling.told, falling.bought)
    assert found is not None
    assert found.slope is not None
    assert 0.7 <= found.slope <= 1.4, "some forty outcomes tell the slope to about .15"
    rates = [p.event_count / p.n for p in falling.model.periods]
    assert rates[0] > 3 * rates[-1]
    expected, happened = falling.told.sum(), falling.bought.sum()
    assert abs(expected - happened) < 3 * np.sqrt(happened), "the level of the newest period, not of the mean of all"
    assert any(note.startswith("The rate moves") for note in falling.model.notes)
