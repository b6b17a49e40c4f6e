"""The predictive score on a small company whose rules are known."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_rows import at, snapshot
from lead_company import NOW, lead_company, lead_tables
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.conversion.insights import attribute_insights
from rapport.engine.scores.conversion.model import ConversionModel, model_of
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.population import PopulationRun

KIND = KINDS["conversion"]
BASE = "name: buys, subject: contact, kind: conversion, outcome: {event: order_placed, within_days: 60}"


def definition(more: str = "", base: str = BASE) -> Any:
    return parse_definition("{" + base + (f", {more}" if more else "") + "}")


def scores(snap: Snapshot, runner: DuckdbRunner, rule: Any, run: PopulationRun, **how: Any) -> Mapping[str, Any]:
    rows = runner.to_arrow(KIND.score(rule, as_known(snap, NOW), runner=runner, run=run, **how))
    return {row["subject_id"]: row for row in rows.to_pylist()}


def learnt(snap: Snapshot, runner: DuckdbRunner, rule: Any, before: PopulationRun | None = None) -> ConversionModel:
    run = KIND.population(rule, as_known(snap, NOW), runner=runner, before=before)
    assert run.model is not None
    return model_of(run.model.text)


class Company:
    """A company with its run, made once for the tests that only look."""

    def __init__(self, runner: DuckdbRunner) -> None:
        self.runner = runner
        self.snapshot = lead_company(runner)
        self.rule = definition()
        self.run = KIND.population(self.rule, as_known(self.snapshot, NOW), runner=runner)
        assert self.run.model is not None
        self.model = model_of(self.run.model.text)
        self.scores = scores(self.snapshot, runner, self.rule, self.run)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with DuckdbRunner(threads=2) as runner:
        yield Company(runner)


class TestScores:
    def test_tell_who_buys(self, company: Company) -> None:
        sources = {c["id"]: c["lead_source"] for c in lead_tables()["contacts"]}
        new = {
            c["id"]: company.scores[c["id"]]["probability"]
            for c in lead_tables()["contacts"]
            if c["created_at"] > NOW - timedelta(days=30) and company.scores[c["id"]]["probability"] is not None
        }
        means = {
            source: sum(p for k, p in new.items() if sources[k] == source)
            / max(1, sum(sources[k] == source for k in new))
            for source in ("referral", "outbound")
        }
        assert means["referral"] > 2 * means["outbound"]

    def test_are_percents_within_their_interval(self, company: Company) -> None:
        told = [row for row in company.scores.values() if row["value"] is not None]
        assert len(told) > 300
        for row in told:
            assert 1 <= row["low"] <= row["value"] <= row["high"] <= 99
            expected = min(99.0, max(1.0, 100 * row["probability"]))
            assert float(row["value"]) == pytest.approx(expected, abs=0.0051)
            assert 0 <= row["percentile"] <= 100

    def test_have_the_bands_of_leads(self, company: Company) -> None:
        for row in company.scores.values():
            if row["value"] is not None:
                bounds = zip("ABCD", (20, 10, 5, 0), strict=True)
                assert row["band"] == next(label for label, bound in bounds if row["value"] >= bound)

    def test_leave_out_who_bought_already(self, company: Company) -> None:
        bought = {o["contact_id"] for o in lead_tables()["orders"]}
        assert {k for k, row in company.scores.items() if row["value"] is None} == bought
        assert {company.scores[k]["reason_null"] for k in bought} == {"had the outcome already"}

    def test_of_a_few_are_those_of_all(self, company: Company) -> None:
        few = company.runner.from_arrow(__import__("pyarrow").table({"subject_id": ["c0003", "c0100", "c0200"]}))
        found = scores(company.snapshot, company.runner, company.rule, company.run, subjects=few)
        assert found == {key: company.scores[key] for key in found}
        assert len(found) == 3


class TestReasons:
    def test_add_up_from_the_base_rate(self, company: Company) -> None:
        asked = [key for key, row in company.scores.items() if row["value"] is not None][:40]
        view = as_known(company.snapshot, NOW)
        told = KIND.explain(company.rule, view, subject_ids=asked, runner=company.runner, run=company.run)
        rate = Decimal(round(company.model.base_rate * 10_000)) / 100
        for key in asked:
            lines = told[key].lines
            assert told[key].value == company.scores[key]["value"]
            assert sum(line.points for line in lines) == told[key].value
            assert (lines[0].kind, lines[0].points) == ("base", max(Decimal(1), rate))

    def test_name_the_value_and_its_rate(self, company: Company) -> None:
        view, sources = as_known(company.snapshot, NOW), {c["id"]: c for c in lead_tables()["contacts"]}
        key = max(
            (k for k, r in company.scores.items() if r["value"] is not None), key=lambda k: company.scores[k]["value"]
        )
        told = KIND.explain(company.rule, view, subject_ids=[key], runner=company.runner, run=company.run)[key]
        line = next(line for line in told.lines if line.name == "contact.lead_source")
        insight = next(i for i in attribute_insights(company.model) if i.name == "contact.lead_source")
        rate = next(v.rate for v in insight.values if v.label == sources[key]["lead_source"])
        assert line.sentence.startswith(f"Lead source {sources[key]['lead_source']}: converts ")
        assert (line.evidence["converted"], line.evidence["of"]) == (rate.events, rate.n)

    def test_say_why_there_is_no_score(self, company: Company) -> None:
        bought = lead_tables()["orders"][0]["contact_id"]
        view = as_known(company.snapshot, NOW)
        told = KIND.explain(company.rule, view, subject_ids=[bought], runner=company.runner, run=company.run)
        assert (told[bought].value, told[bought].reason_null) == (None, "had the outcome already")


class TestLearning:
    def test_looks_forward_in_time(self, company: Company) -> None:
        model = company.model
        assert model.forward
        assert [c.name for c in model.candidates] == ["linear", "stumps", "boosted"]
        ends = [p.window_end for p in model.periods]
        assert all(end <= later.cut_off for end, later in zip(ends, model.periods[1:], strict=False))
        assert ends[-1] <= NOW.isoformat()

    def test_knows_nothing_of_what_was_recorded_later(self, company: Company, runner: DuckdbRunner) -> None:
        tables = lead_tables()
        late = [
            {"id": f"x{n}", "contact_id": f"c{n:04}", "ordered_at": NOW - timedelta(days=5)}
            | {"recorded_at": NOW + timedelta(days=n % 3 + 1)}
            for n in range(200)
        ]
        tables["orders"] += late
        assert learnt(snapshot(runner, **tables), runner, definition()).to_json() == company.model.to_json()

    def test_lists_what_is_used_and_what_is_not(self, company: Company) -> None:
        used = {f.name for f in company.model.features}
        assert "contact.lead_source" in used
        assert not used & set(company.model.left_out)
        assert set(company.model.importance) <= used

    def test_leaves_out_what_the_definition_omits(self, runner: DuckdbRunner) -> None:
        model = learnt(lead_company(runner), runner, definition("omit: [contact.lead_source, events]"))
        assert not {f.name for f in model.features} & {"contact.lead_source", "events.page_view.ever"}
        assert model.left_out["contact.lead_source"] == "left out by the definition"


class TestSmallData:
    def test_with_few_outcomes_everybody_has_the_base_rate(self, runner: DuckdbRunner) -> None:
        tables = lead_tables(200, chances={})
        for n, days in enumerate((200, 130, 40)):
            tables["orders"].append(
                {"id": f"o{n}", "contact_id": f"c{n:04}", "ordered_at": NOW - timedelta(days=days)}
                | {"recorded_at": NOW - timedelta(days=days)}
            )
            made = {"created_at": NOW - timedelta(days=399), "recorded_at": NOW - timedelta(days=399)}
            tables["contacts"][n] |= made
        snap, rule = snapshot(runner, **tables), definition()
        run = KIND.population(rule, as_known(snap, NOW), runner=runner)
        assert run.model is not None
        model = model_of(run.model.text)
        told = [row for row in scores(snap, runner, rule, run).values() if row["value"] is not None]
        assert model.event_count == 3
        assert len({row["value"] for row in told}) == 1
        assert told[0]["probability"] == pytest.approx(model.base_rate, rel=0.5)
        assert told[0]["high"] > 2 * model.base_rate * 100, "three outcomes leave much open"
        assert any("Only 3 cases" in note for note in model.notes)

    def test_an_outcome_that_never_came_is_said(self, runner: DuckdbRunner) -> None:
        snap, rule = snapshot(runner, **lead_tables(200, chances={})), definition()
        run = KIND.population(rule, as_known(snap, NOW), runner=runner)
        found = scores(snap, runner, rule, run)
        assert run.population == 0
        assert found["c0001"]["value"] is None
        assert found["c0001"]["reason_null"].startswith("order_placed never came in")

    def test_a_company_of_yesterday_has_nothing_to_learn_from(self, runner: DuckdbRunner) -> None:
        made = {"created_at": NOW - timedelta(days=1), "recorded_at": NOW - timedelta(days=1)}
        snap = snapshot(runner, contacts=[{"id": "a", **made}], orders=[])
        assert learnt(snap, runner, definition()).reason_null == "no past window of 60 days to learn from"

    def test_a_table_that_no_source_fills_is_named(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=[{"id": "a", "created_at": at(2020, 1, 1), "recorded_at": at(2020, 1, 1)}])
        assert learnt(snap, runner, definition()).reason_null == "orders not mapped"


class TestLeakage:
    @staticmethod
    def sales_note(contact: dict[str, Any], bought: Any) -> dict[str, str]:
        """What a salesperson fills in once the lead has bought."""
        luck = random.Random(contact["id"]).random()
        return {"Note": ("closed" if bought and luck < 0.98 else "ringing" if luck < 0.5 else "no answer")}

    def test_a_field_that_knows_the_outcome_is_left_out_with_its_evidence(self, runner: DuckdbRunner) -> None:
        model = learnt(lead_company(runner, properties=self.sales_note), runner, definition())
        leak = next(one for one in model.leaks if one.name == "contact.Note")
        assert "AUC" in leak.evidence
        assert "contact.Note" not in {f.name for f in model.features}
        assert model.left_out["contact.Note"].startswith("knows the outcome")

    def test_the_definition_may_keep_it_at_its_own_risk(self, runner: DuckdbRunner) -> None:
        snap = lead_company(runner, properties=self.sales_note)
        kept = learnt(snap, runner, definition("keep: [contact.Note]"))
        assert next(one for one in kept.leaks if one.name == "contact.Note").kept
        assert kept.reason_null is not None
        assert kept.reason_null.startswith("too good to be true")
        accepted = learnt(snap, runner, definition("keep: [contact.Note], accept_leak: true"))
        assert accepted.reason_null is None


class TestRefit:
    def test_a_young_model_stays(self, company: Company) -> None:
        later = NOW + timedelta(days=29)
        run = KIND.population(
            company.rule, as_known(company.snapshot, later), runner=company.runner, before=company.run
        )
        assert run.model == company.run.model

    def test_an_old_one_is_held_against_a_new_one_on_the_newest_period(self, company: Company) -> None:
        view = as_known(company.snapshot, NOW + timedelta(days=30))
        run = KIND.population(company.rule, view, runner=company.runner, before=company.run)
        assert run.model is not None
        assert run.model.checked_at == view.at
        assert "log loss on the newest period" in model_of(run.model.text).gate

    def test_another_definition_learns_anew(self, company: Company) -> None:
        rule = definition("omit: [events]")
        run = KIND.population(rule, as_known(company.snapshot, NOW), runner=company.runner, before=company.run)
        assert run.model != company.run.model


class TestGroups:
    def test_small_ones_take_everybodys_model_at_their_own_level(self, runner: DuckdbRunner) -> None:
        rule = definition(
            "omit: [contact.lead_source], models_by: {friends: {field: contact.lead_source, is: referral}}"
        )
        model = learnt(lead_company(runner), runner, rule)
        group = model.groups["friends"]
        assert group.predictor.shift > 100_000, "referrals buy more often than everybody"
        assert "too few for a model of its own" in group.sentence
        assert group.predictor.tables.to_dict() == model.predictor.tables.to_dict() if model.predictor else False


class TestDefinition:
    def test_knows_bands_by_subject(self) -> None:
        deal = definition(base=BASE.replace("contact", "deal").replace("order_placed", "deal_won"))
        assert [(b.label, b.from_) for b in deal.bands] == [("A", 75), ("B", 50), ("C", 25), ("D", 0)]

    @pytest.mark.parametrize(
        ("more", "where"),
        [
            ("range: [0, 100]", "range"),
            ("omit: [a], keep: [a]", "keep"),
            ("models_by: deal.pipeline", "contact"),
            ("model: forest", "model"),
            ("models_by: {silent: {no: {event: any}}}", "groups are told by"),
        ],
    )
    def test_refuses_what_cannot_be_meant(self, more: str, where: str) -> None:
        with pytest.raises(DefinitionError) as error:
            definition(more)
        assert where in error.value.sentence
