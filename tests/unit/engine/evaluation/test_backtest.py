"""Backtests on a handful of contacts whose fate is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.evaluation.report import BacktestReport
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from told_scores import CUT_OFF, DAY, NOW, contact, contacts, order

Told = Callable[..., Any]
PEOPLE = ["a", "b", "c", "d"]
VALUES = {"a": 90, "b": 70, "c": 30, "d": 10}


def prove(snap: Snapshot, runner: DuckdbRunner, definition: Any, **how: Any) -> BacktestReport:
    return backtest(definition, snap, **{"cut_offs": [CUT_OFF], "now": NOW, "runner": runner, **how})


class TestOutcome:
    def test_compares_the_score_with_what_happened_after(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + 5 * DAY)])
        report = prove(snap, runner, told(VALUES))
        assert report.score.auc.value == 1
        assert (report.cut_offs[0].scored, report.cut_offs[0].event_count) == (4, 1)
        assert [(b.band, b.conversion.events, b.conversion.n) for b in report.bands] == [("high", 1, 2), ("low", 0, 2)]

    def test_the_window_leaves_its_start_out_and_takes_its_end_in(self, runner: DuckdbRunner, told: Told) -> None:
        orders = [
            order("a", CUT_OFF),
            order("b", CUT_OFF + timedelta(microseconds=1)),
            order("c", CUT_OFF + 30 * DAY),
            order("d", CUT_OFF + 30 * DAY + timedelta(microseconds=1)),
        ]
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
        report = prove(snap, runner, told(VALUES, outcome={"repeatable": True}))
        assert (report.cut_offs[0].scored, report.cut_offs[0].event_count) == (4, 2)

    def test_who_had_the_event_before_is_not_eligible(self, runner: DuckdbRunner, told: Told) -> None:
        orders = [order("a", CUT_OFF - DAY), order("a", CUT_OFF + DAY), order("b", CUT_OFF + DAY)]
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
        once = prove(snap, runner, told(VALUES)).cut_offs[0]
        again = prove(snap, runner, told(VALUES, outcome={"repeatable": True})).cut_offs[0]
        assert (once.had_before, once.scored, once.event_count) == (1, 3, 1)
        assert (again.had_before, again.scored, again.event_count) == (0, 4, 2)

    def test_an_absent_event_is_the_outcome_of_who_did_not_have_it(self, runner: DuckdbRunner, told: Told) -> None:
        orders = [order("a", CUT_OFF - DAY), order("a", CUT_OFF + DAY), order("b", CUT_OFF + 40 * DAY)]
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
        report = prove(snap, runner, told(VALUES, outcome={"repeatable": True, "absent": True}))
        assert (report.event, report.cut_offs[0].scored, report.cut_offs[0].event_count) == ("no order_placed", 4, 3)
        assert report.score.auc.value == 0  # a, who scored highest, is the only one who bought

    def test_an_absent_event_needs_those_who_had_it_before(self, told: Told) -> None:
        with pytest.raises(ValueError, match="add repeatable: true"):
            told(VALUES, outcome={"absent": True})

    def test_what_became_known_after_the_window_counts_as_restated_now(self, runner: DuckdbRunner, told: Told) -> None:
        late = order("a", CUT_OFF + DAY, known=NOW - DAY)
        unknown = order("b", CUT_OFF + DAY, known=NOW + DAY)
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[late, unknown])
        # as restated at now takes what is in the tables, whenever it was learnt
        assert prove(snap, runner, told(VALUES)).cut_offs[0].event_count == 2

    def test_who_seemed_new_at_the_cut_off_is_eligible_though_it_was_not(
        self, runner: DuckdbRunner, told: Told
    ) -> None:
        learnt_later = order("a", CUT_OFF - DAY, known=CUT_OFF + 9 * DAY)
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[learnt_later, order("b", CUT_OFF + DAY)])
        assert prove(snap, runner, told(VALUES)).cut_offs[0].had_before == 0

    def test_contacts_made_after_the_cut_off_are_no_cases(self, runner: DuckdbRunner, told: Told) -> None:
        late = contact("e", created_at=CUT_OFF + DAY, recorded_at=CUT_OFF + DAY)
        snap = snapshot(runner, contacts=[*contacts(PEOPLE), late], orders=[order("e", CUT_OFF + 2 * DAY)])
        report = prove(snap, runner, told({**VALUES, "e": 100}))
        assert (report.cut_offs[0].subjects, report.cut_offs[0].event_count) == (4, 0)

    def test_a_contact_merged_later_has_the_outcome_of_the_survivor(self, runner: DuckdbRunner, told: Told) -> None:
        link = {"id": "l", "entity": "contact", "from_id": "a", "to_id": "z", "kind": "merge"}
        link |= {"created_at": CUT_OFF + DAY, "recorded_at": CUT_OFF + DAY}
        snap = snapshot(
            runner,
            contacts=[*contacts(PEOPLE), contact("z", created_at=CUT_OFF + DAY, recorded_at=CUT_OFF + DAY)],
            orders=[order("z", CUT_OFF + 2 * DAY)],
            identity_links=[link],
        )
        report = prove(snap, runner, told(VALUES))
        assert (report.cut_offs[0].event_count, report.score.auc.value) == (1, 1)

    def test_only_events_that_meet_the_condition_count(self, runner: DuckdbRunner, told: Told) -> None:
        orders = [order("a", CUT_OFF + DAY, channel="web"), order("b", CUT_OFF + DAY, channel="store")]
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
        where = {"where": {"field": "channel", "is": "Web"}}
        assert prove(snap, runner, told(VALUES, outcome=where)).cut_offs[0].event_count == 1

    def test_those_without_a_value_are_counted_by_reason_and_are_no_cases(
        self, runner: DuckdbRunner, told: Told
    ) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + DAY)])
        report = prove(snap, runner, told({**VALUES, "d": None}))
        assert (report.cut_offs[0].scored, dict(report.cut_offs[0].unscored)) == (3, {"not told": 1})
        assert any(note.startswith("25% of the eligible had no value") for note in report.notes)


class TestHindsight:
    @staticmethod
    def company(runner: DuckdbRunner, learnt: Any) -> Snapshot:
        """Twenty contacts; the ten that buy are bosses, which was so from the start and learnt at `learnt`."""
        people = [f"c{n:02}" for n in range(20)]
        titles = [
            {
                "id": f"h{who}",
                "entity": "contact",
                "entity_id": who,
                "attribute": "title",
                "value": "boss" if n < 10 else "clerk",
                "valid_from": at(2023, 1, 1),
                "recorded_at": learnt,
            }
            for n, who in enumerate(people)
        ]
        orders = [order(who, CUT_OFF + DAY) for who in people[:10]]
        return snapshot(runner, contacts=contacts(people), orders=orders, attribute_history=titles)

    BOSSES = """
name: bosses
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 50}, {label: B, from: 0}]
outcome: {event: order_placed, within_days: 30}
groups: {fit: {type: fit, criteria: [{name: boss, points: 60, when: {field: contact.title, is: boss}}]}}
"""

    def test_what_was_known_at_the_cut_off_counts(self, runner: DuckdbRunner) -> None:
        report = prove(self.company(runner, CUT_OFF), runner, parse_definition(self.BOSSES))
        assert report.score.auc.value == 1

    def test_what_was_learnt_after_the_cut_off_does_not(self, runner: DuckdbRunner) -> None:
        learnt = CUT_OFF + timedelta(microseconds=1)
        report = prove(self.company(runner, learnt), runner, parse_definition(self.BOSSES))
        assert (report.score.auc.value, [b.conversion.n for b in report.bands]) == (0.5, [0, 20])

    def test_a_score_by_cut_points_takes_those_of_the_cut_off(self, runner: DuckdbRunner) -> None:
        people = [f"c{n:02}" for n in range(60)]
        before = [order(who, CUT_OFF - (n + 1) * DAY) for n, who in enumerate(people)]
        after = [order(who, CUT_OFF + DAY) for who in people[:15]]
        definition = parse_definition(
            "{name: rfm, subject: contact, kind: rfm, weights: {recency: 100, frequency: 0, monetary: 0},"
            " outcome: {event: order_placed, within_days: 30, repeatable: true}}"
        )
        whole = snapshot(runner, contacts=contacts(people), orders=before + after)
        report = prove(whole, runner, definition)
        # fifths of twelve customers; had the later orders counted, fifteen would share the best recency
        assert [d.conversion.events for d in report.score.deciles][:3] == pytest.approx([6, 6, 1.5])


class TestBaselines:
    @staticmethod
    def company(runner: DuckdbRunner, *, known: Any = None) -> Snapshot:
        """Forty contacts, half of them German; Germans buy, in the window before the cut-off and in that after."""
        people = [contact(f"{'de' if n % 2 else 'se'}{n:02}") for n in range(40)]
        countries = [
            {
                "id": f"h{p['id']}",
                "entity": "contact",
                "entity_id": p["id"],
                "attribute": "country",
                "value": p["id"][:2].upper(),
                "valid_from": at(2023, 1, 1),
                "recorded_at": at(2023, 1, 1),
            }
            for p in people
        ]
        germans = [p["id"] for p in people if p["id"].startswith("de")]
        earlier = [order(who, CUT_OFF - 9 * DAY, known) for who in germans[:10]]
        later = [order(who, CUT_OFF + 9 * DAY) for who in germans[10:]]
        return snapshot(runner, contacts=people, orders=earlier + later, attribute_history=countries)

    def test_naive_bayes_learns_from_the_window_before(self, runner: DuckdbRunner, told: Told) -> None:
        values = {f"{'de' if n % 2 else 'se'}{n:02}": n for n in range(40)}
        report = prove(self.company(runner), runner, told(values))
        bayes = next(b for b in report.baselines if b.name == "naive_bayes")
        assert (report.cut_offs[0].scored, report.cut_offs[0].event_count) == (30, 10)
        assert bayes.auc.value == 1
        assert bayes.ahead is not None
        assert bayes.ahead.value == pytest.approx((report.score.auc.value or 0) - 1)
        assert bayes.calibration is not None

    def test_naive_bayes_does_not_learn_what_became_known_later(self, runner: DuckdbRunner, told: Told) -> None:
        snap = self.company(runner, known=CUT_OFF + DAY)
        bayes = prove(snap, runner, told({}, kind="told")).baselines[0]
        assert (bayes.name, bayes.auc.value) == ("naive_bayes", None)
        assert (bayes.missing or "").startswith("Nothing to learn from")

    def test_a_constant_ranks_nobody(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + DAY)])
        constant = next(b for b in prove(snap, runner, told(VALUES), capacity=2).baselines if b.name == "constant")
        assert (constant.auc.value, constant.auc.low, constant.top_lift) == (0.5, 0.5, pytest.approx(1))
        assert constant.precision is not None
        assert constant.precision.events == pytest.approx(0.5)

    def test_the_live_version_is_held_against_it_on_the_same_cases(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + DAY)])
        live = told({"a": 1, "b": 2, "c": 3}, kind="older")  # says nothing of d, which so ranks last
        report = prove(snap, runner, told(VALUES), live=live, baselines=[])
        assert [b.name for b in report.baselines] == ["live"]
        assert report.baselines[0].auc.value == pytest.approx(1 / 3)
        assert report.baselines[0].ahead is not None
        assert report.baselines[0].ahead.value == pytest.approx(2 / 3)

    def test_an_unknown_baseline_is_refused(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[])
        with pytest.raises(DefinitionError, match="Did you mean 'constant'"):
            prove(snap, runner, told(VALUES), baselines=["constnt"])

    def test_versions_of_other_subjects_are_refused(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[])
        with pytest.raises(DefinitionError, match="different subjects"):
            prove(snap, runner, told(VALUES), live=told(VALUES, kind="other", subject="account"))


class TestChance:
    def test_a_random_score_is_seldom_told_from_chance(self, runner: DuckdbRunner, told: Told) -> None:
        covered = 0
        for seed in range(6):
            report = self.report(runner, told, np.random.default_rng(seed))
            covered += report.verdict.startswith("The score cannot be told from chance")
        assert covered >= 5  # an interval of 95 % misses one time in twenty

    @staticmethod
    def report(runner: DuckdbRunner, told: Told, rng: np.random.Generator) -> BacktestReport:
        people = [f"c{n:03}" for n in range(120)]
        values = {who: float(v) for who, v in zip(people, rng.integers(0, 100, 120), strict=True)}
        orders = [order(who, CUT_OFF + DAY) for who in rng.choice(people, 30, replace=False)]
        snap = snapshot(runner, contacts=contacts(people), orders=orders)
        return prove(snap, runner, told(values), baselines=[])


class TestCutOffs:
    CUT_OFFS = (at(2024, 1, 1), at(2024, 2, 1), at(2024, 5, 15))

    def company(self, runner: DuckdbRunner) -> Snapshot:
        orders = [order("a", at(2024, 1, 5)), order("b", at(2024, 2, 5))]
        return snapshot(runner, contacts=contacts(PEOPLE), orders=orders)

    def test_a_window_that_is_not_over_is_left_out_and_counted(self, runner: DuckdbRunner, told: Told) -> None:
        report = prove(self.company(runner), runner, told(VALUES), cut_offs=self.CUT_OFFS)
        assert [c.as_of for c in report.cut_offs] == list(self.CUT_OFFS[:2])
        assert report.immature == (at(2024, 5, 15),)
        assert "1 cut-off left out: the 30 days after had not passed." in report.notes

    def test_a_window_that_ends_now_is_over(self, runner: DuckdbRunner, told: Told) -> None:
        report = prove(self.company(runner), runner, told(VALUES), cut_offs=[NOW - 30 * DAY])
        assert (len(report.cut_offs), report.immature) == (1, ())

    def test_without_any_whole_window_it_says_when_there_will_be_one(self, runner: DuckdbRunner, told: Told) -> None:
        with pytest.raises(DataError, match="wait until 2024-06-14"):
            prove(self.company(runner), runner, told(VALUES), cut_offs=[at(2024, 5, 15)])

    def test_no_outcome_is_nothing_to_prove(self, runner: DuckdbRunner, told: Told) -> None:
        definition = told(VALUES).model_copy(update={"outcome": None})
        with pytest.raises(DefinitionError, match="claims no outcome"):
            prove(self.company(runner), runner, definition)

    def test_can_be_stopped_between_cut_offs(self, runner: DuckdbRunner, told: Told) -> None:
        asked: list[bool] = []

        def stop() -> bool:
            asked.append(True)
            return len(asked) > 1

        told_so_far: list[tuple[int, int, str]] = []
        report = prove(
            self.company(runner),
            runner,
            told(VALUES),
            cut_offs=self.CUT_OFFS[:2],
            stop=stop,
            progress=lambda *step: told_so_far.append(step),
        )
        assert (report.interrupted, len(report.cut_offs)) == (True, 1)
        assert "Stopped early: the figures are of the first 1 cut-off." in report.notes
        assert told_so_far[0] == (0, 2, "scoring as of 2024-01-01")

    def test_stopped_before_the_first_it_proves_nothing(self, runner: DuckdbRunner, told: Told) -> None:
        report = prove(self.company(runner), runner, told(VALUES), stop=lambda: True)
        assert report.verdict.startswith("Nothing can be said")
        assert json.loads(report.to_json())["score"]["auc"]["value"] is None

    def test_stability_compares_the_subjects_of_both(self, runner: DuckdbRunner, told: Told) -> None:
        early, late = self.CUT_OFFS[:2]
        values = {**VALUES, (late, "c"): 60, (late, "d"): 75}
        report = prove(self.company(runner), runner, told(values, outcome={"repeatable": True}), cut_offs=[early, late])
        found = report.stability[0]
        # ranks 4 3 2 1 become 4 2 1 3; c and d leave the low band
        assert (found.shared, found.same_band) == (4, 0.5)
        assert found.rank_correlation == pytest.approx(0.4)

    def test_overlapping_windows_are_told(self, runner: DuckdbRunner, told: Told) -> None:
        cut_offs = [CUT_OFF, CUT_OFF + 29 * DAY]
        report = prove(self.company(runner), runner, told(VALUES), cut_offs=cut_offs)
        assert any(note.startswith("Windows overlap") for note in report.notes)


class TestReport:
    @staticmethod
    def report(runner: DuckdbRunner, told: Told, **how: Any) -> BacktestReport:
        people = [{**contact(who), "recorded_at_assumed": who != "a"} for who in PEOPLE]
        snap = snapshot(runner, contacts=people, orders=[order("a", CUT_OFF + DAY)], time_zone="Europe/Stockholm")
        return prove(snap, runner, told(VALUES, **how), capacity=1)

    def test_tells_how_much_of_what_was_known_is_assumed(self, runner: DuckdbRunner, told: Told) -> None:
        report = self.report(runner, told)
        assert report.recorded_at_assumed["contacts"].rate == 0.75
        assert any(note.startswith("contacts: of 75% of the rows") for note in report.notes)

    def test_precision_at_the_teams_capacity(self, runner: DuckdbRunner, told: Told) -> None:
        precision = self.report(runner, told).score.precision
        assert precision is not None
        assert (precision.events, precision.n) == (1, 1)

    def test_json_holds_every_figure(self, runner: DuckdbRunner, told: Told) -> None:
        stored = json.loads(self.report(runner, told).to_json())
        assert stored["cut_offs"][0]["as_of"] == "2024-03-01T00:00:00+00:00"
        assert stored["score"]["deciles"][0]["lift"] == pytest.approx(4)
        assert stored["conversion"]["rate"] == 0.25
        assert stored["verdict"].startswith("The score")

    def test_the_page_stands_alone_and_shows_charts_and_tables(self, runner: DuckdbRunner, told: Told) -> None:
        page = self.report(runner, told).to_html()
        loads = ("<script", "<link", "src=", "@import", "url(http")
        assert not [word for word in loads if word in page]
        assert page.count("<svg ") == 4
        assert page.count('role="img" aria-label="') >= 4
        assert "prefers-color-scheme: dark" in page
        assert "var(--rapport-main" in page
        assert "2024-03-01" in page

    def test_the_page_takes_no_markup_from_what_people_wrote(self, runner: DuckdbRunner, told: Told) -> None:
        bands = [{"label": "<b>high", "from": 50}, {"label": "low", "from": 0}]
        page = self.report(runner, told, bands=bands).to_html()
        assert "&lt;b&gt;high" in page
        assert "<b>high" not in page
