"""Lint on small companies in which each fault was put on purpose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.evaluation.lint import Finding, LintReport, Severity, lint
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import definition_of
from told_scores import CUT_OFF, DAY, NOW, order

Row = Mapping[str, Any]
COUNT = 100


def people(**columns: Sequence[Any]) -> list[Row]:
    """100 contacts p0 .. p99 with the given columns."""
    known = {"created_at": at(2023, 1, 1), "recorded_at": at(2023, 1, 1)}
    return [{"id": f"p{i}", **known, **{name: values[i] for name, values in columns.items()}} for i in range(COUNT)]


def views(who: Sequence[int], kind: str = "page_view", **more: Any) -> list[Row]:
    seen = CUT_OFF - 5 * DAY
    rows = [{"contact_id": f"p{i}", "type": kind, "occurred_at": seen, "recorded_at": seen, **more} for i in who]
    return [{"id": f"{kind}-{i}-{len(more)}", **row} for i, row in enumerate(rows)]


def score(*criteria: Row, **more: Any) -> Any:
    group = {"type": "engagement", "criteria": list(criteria), **more.pop("group", {})}
    stated = {"name": "s", "subject": "contact", "kind": "points", "range": [-1000, 1000], "groups": {"g": group}}
    return definition_of(stated | more)


def found(report: LintReport, code: str) -> list[Finding]:
    return [one for one in report.findings if one.code == code]


def looked_at(runner: DuckdbRunner, snap: Snapshot, definition: Any, **more: Any) -> LintReport:
    return lint(definition, snap, **{"now": NOW, "runner": runner, "cut_offs": [CUT_OFF], **more})


VIEW = {"name": "view", "points": 5, "per": {"event": "page_view"}}


class TestRedundancy:
    def test_a_criterion_that_never_fires_is_named(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=people(), interactions=views(range(50)))
        demo = {"name": "demo", "points": 9, "per": {"event": "form_submit"}}
        (never,) = found(looked_at(runner, snap, score(VIEW, demo)), "never_fires")
        assert (never.criterion, never.severity) == ("demo", Severity.WARNING)
        assert "no form submit" in never.sentence

    def test_what_fires_for_the_same_people_counts_twice(self, runner: DuckdbRunner) -> None:
        both = views(range(40)) + views(range(40), "email_click")
        snap = snapshot(runner, contacts=people(), interactions=both)
        click = {"name": "click", "points": 3, "per": {"event": "email_click"}}
        (twice,) = found(looked_at(runner, snap, score(VIEW, click)), "counted_twice")
        assert (twice.criterion, twice.evidence["with"], twice.evidence["both"]) == ("click", "view", 40)

    def test_a_narrower_criterion_on_the_same_event_is_within_the_wider(self, runner: DuckdbRunner) -> None:
        rows = views(range(60), url_path="/") + views(range(25), url_path="/pricing", outcome="x")
        snap = snapshot(runner, contacts=people(), interactions=rows)
        pricing = {
            "name": "pricing",
            "points": 8,
            "per": {"event": "page_view", "where": {"field": "url_path", "is": "/pricing"}},
        }
        (inside,) = found(looked_at(runner, snap, score(VIEW, pricing)), "subsumed")
        assert (inside.criterion, inside.evidence) == ("pricing", {"within": "view", "inner": 25, "outer": 60})

    def test_two_events_that_only_happen_to_nest_are_left_alone(self, runner: DuckdbRunner) -> None:
        rows = views(range(60)) + views(range(25), "email_click")
        snap = snapshot(runner, contacts=people(), interactions=rows)
        click = {"name": "click", "points": 3, "per": {"event": "email_click"}}
        assert not found(looked_at(runner, snap, score(VIEW, click)), "subsumed")

    def test_the_same_points_for_everybody_rank_nobody(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=people(), interactions=views(range(COUNT)))
        (same,) = found(looked_at(runner, snap, score(VIEW)), "same_for_all")
        assert same.evidence == {"points": 5.0, "subjects": COUNT}


class TestFields:
    def test_an_unmapped_column_and_an_empty_one_are_told_apart(self, runner: DuckdbRunner) -> None:
        full = snapshot(runner, contacts=people(), interactions=views(range(50)))
        contacts = full.tables["contacts"].drop("seniority")
        snap = full.with_tables({"contacts": contacts})
        boss = {"name": "boss", "points": 9, "when": {"field": "contact.seniority", "is": "vp"}}
        title = {"name": "title", "points": 9, "when": {"field": "contact.title", "contains": "head"}}
        report = looked_at(runner, snap, score(VIEW, boss, title))
        assert [f.criterion for f in found(report, "not_mapped")] == ["boss"]
        assert [f.criterion for f in found(report, "always_unknown")] == ["title"]
        assert not found(report, "never_fires")

    def test_a_missing_table_is_all_that_is_said(self, runner: DuckdbRunner) -> None:
        report = looked_at(runner, snapshot(runner, contacts=people()), score(VIEW))
        assert [(f.code, f.evidence) for f in report.findings] == [("missing_table", {"table": "interactions"})]


class TestWeight:
    def test_shares_of_variance_add_up_and_the_heavy_one_is_named(self, runner: DuckdbRunner) -> None:
        rows = views(range(50)) + views(range(25, 75), "email_click") + views(range(0, 100, 3), "call")
        snap = snapshot(runner, contacts=people(), interactions=rows)
        click = {"name": "click", "points": 50, "per": {"event": "email_click"}}
        call = {"name": "call", "points": 1, "per": {"event": "call"}}
        report = looked_at(runner, snap, score(VIEW, click, call))
        shares = {c.name: c.variance_share for c in report.criteria}
        # by hand: view and click are independent (25 of 100 have both), so var(view) = 25/4, var(click) = 2500/4
        assert sum(share or 0 for share in shares.values()) == pytest.approx(1)
        assert shares["view"] == pytest.approx(25 / 2525, abs=0.003)
        (heavy,) = found(report, "carries_variance")
        assert heavy.criterion == "click"

    def test_many_criteria_of_which_two_keep_the_order(self, runner: DuckdbRunner) -> None:
        random = np.random.default_rng(4)
        rows = [row for k in range(6) for row in views(np.flatnonzero(random.random(COUNT) < 0.3).tolist(), f"e{k}")]
        rows += views(range(50)) + views(range(25, 75), "email_click")
        snap = snapshot(runner, contacts=people(), interactions=rows)
        small = [{"name": f"e{k}", "points": "0.001", "per": {"event": f"e{k}"}} for k in range(6)]
        big = {"name": "click", "points": 20, "per": {"event": "email_click"}}
        report = looked_at(runner, snap, score({**VIEW, "points": 9}, big, *small))
        (crowded,) = found(report, "over_scoring")
        assert (crowded.evidence["enough"], crowded.evidence["names"]) == (2, ["click", "view"])
        assert report.kept[-1] == pytest.approx(1)


class TestBounds:
    def test_a_limit_that_always_binds_and_a_band_without_anybody(self, runner: DuckdbRunner) -> None:
        rows = views(range(50)) + views(range(50), outcome="again")
        snap = snapshot(runner, contacts=people(), interactions=rows)
        bands = [{"label": "A", "from": 50}, {"label": "B", "from": 3}, {"label": "C", "from": 0}]
        report = looked_at(runner, snap, score(VIEW, bands=bands, group={"limit": {"max": 4}}))
        (limit,) = found(report, "limit_always_binds")
        assert (limit.criterion, limit.evidence) == ("g", {"bound": 50, "with_points": 50, "side": "upper"})
        (band,) = found(report, "empty_band")
        assert (band.criterion, band.evidence["highest"]) == ("A", 4)


OUTCOME = {"outcome": {"event": "order_placed", "within_days": 30}}


class TestOutcome:
    def test_points_against_the_outcome_are_named_with_their_interval(self, runner: DuckdbRunner) -> None:
        buyers = [order(f"p{i}", CUT_OFF + DAY) for i in (*range(5), *range(50, 90))]
        snap = snapshot(runner, contacts=people(), interactions=views(range(50)), orders=buyers)
        report = looked_at(runner, snap, score(VIEW, **OUTCOME))
        (wrong,) = found(report, "wrong_way")
        # 5 of 50 viewers bought, 40 of the 50 others: AUC = (1 + 5/45 - 45/55) / 2
        assert (wrong.evidence["converted"], wrong.evidence["others_converted"]) == (0.1, 0.8)
        assert wrong.evidence["auc"] == pytest.approx((1 + 5 / 45 - 45 / 55) / 2)
        assert wrong.evidence["high"] < 0.5

    def test_negative_points_for_those_who_do_not_buy_are_the_right_way(self, runner: DuckdbRunner) -> None:
        buyers = [order(f"p{i}", CUT_OFF + DAY) for i in (*range(5), *range(50, 90))]
        snap = snapshot(runner, contacts=people(), interactions=views(range(50)), orders=buyers)
        report = looked_at(runner, snap, score({**VIEW, "points": -5}, **OUTCOME))
        assert not found(report, "wrong_way")

    def test_a_handful_without_the_outcome_is_not_called_wrong(self, runner: DuckdbRunner) -> None:
        buyers = [order(f"p{i}", CUT_OFF + DAY) for i in range(20, 32)]
        snap = snapshot(runner, contacts=people(), interactions=views(range(12)), orders=buyers)
        assert not found(looked_at(runner, snap, score(VIEW, **OUTCOME)), "wrong_way")

    def test_what_was_learnt_after_the_cut_off_does_not_judge(self, runner: DuckdbRunner) -> None:
        """Views that were recorded after the cut-off are not known at it."""
        late = [{**row, "recorded_at": CUT_OFF + DAY} for row in views(range(50))]
        buyers = [order(f"p{i}", CUT_OFF + DAY) for i in (*range(5), *range(50, 90))]
        snap = snapshot(runner, contacts=people(), interactions=late, orders=buyers)
        report = looked_at(runner, snap, score(VIEW, **OUTCOME))
        assert not found(report, "wrong_way")
        assert report.criteria[0].fired_count == 50

    def test_a_field_that_is_filled_with_the_outcome_leaks(self, runner: DuckdbRunner) -> None:
        bought = CUT_OFF + DAY
        buyers = [order(f"p{i}", bought) for i in range(30)]

        def learnt(i: int, attribute: str, value: str, when: Any) -> Row:
            known = {"valid_from": when, "recorded_at": when, "created_at": when}
            row = {"id": f"{attribute}{i}", "entity": "contact", "entity_id": f"p{i}", "attribute": attribute}
            return {**row, "value": value, **known}

        history = [learnt(i, "title", "Head", bought + timedelta(hours=i)) for i in range(30)]
        history += [learnt(i, "country", "SE", at(2023, 1, 1)) for i in range(COUNT)]
        snap = snapshot(runner, contacts=people(), orders=buyers, attribute_history=history)
        head = {"name": "head", "points": 9, "when": {"field": "contact.title", "is": "head"}}
        swede = {"name": "swede", "points": 2, "when": {"field": "contact.country", "is": "se"}}
        report = looked_at(runner, snap, score(head, swede, **OUTCOME))
        (leak,) = found(report, "leak")
        assert (leak.criterion, leak.severity) == ("head", Severity.ERROR)
        counts = {"first_before": 0, "first_after": 30, "changes_before": 0, "changes_after": 0}
        assert leak.evidence == {"field": "contact.title", **counts}
        assert report.findings[0] == leak

    def test_an_event_that_only_buyers_have_leaks(self, runner: DuckdbRunner) -> None:
        bought = CUT_OFF + DAY
        buyers = [order(f"p{i}", bought) for i in range(30)]
        welcome = [
            {**row, "occurred_at": bought + DAY, "recorded_at": bought + DAY} for row in views(range(30), "welcome")
        ]
        snap = snapshot(runner, contacts=people(), orders=buyers, interactions=welcome + views(range(50)))
        greeted = {"name": "greeted", "points": 9, "per": {"event": "welcome"}}
        (leak,) = found(looked_at(runner, snap, score(VIEW, greeted, **OUTCOME)), "leak")
        assert (leak.criterion, leak.evidence) == ("greeted", {"fires": 30, "had_outcome": 30, "fired_before": 0})

    def test_without_an_outcome_it_says_what_is_not_checked(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=people(), interactions=views(range(50)))
        report = looked_at(runner, snap, score(VIEW))
        assert found(report, "no_outcome")
        assert report.criteria[0].converted is None


def test_a_report_is_json_with_what_to_do(runner: DuckdbRunner) -> None:
    snap = snapshot(runner, contacts=people(), interactions=views(range(COUNT)))
    document = looked_at(runner, snap, score(VIEW)).as_json()
    assert json.loads(json.dumps(document)) == document
    assert {"severity", "what_to_do", "sentence", "evidence"} <= set(document["findings"][0])


def test_other_kinds_are_refused(runner: DuckdbRunner) -> None:
    rfm = definition_of({"name": "r", "subject": "contact", "kind": "rfm", "range": [0, 100]})
    with pytest.raises(DefinitionError, match="Only points"):
        lint(rfm, snapshot(runner, contacts=people()), now=NOW, runner=runner)
