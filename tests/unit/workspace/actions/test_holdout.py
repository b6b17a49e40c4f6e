"""Holding out from the work list: who is left alone, that it stays so, and what acting was worth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rapport.engine.errors import DefinitionError
from rapport.workspace.actions import decisions
from rapport.workspace.actions.capacity import by_team, capacity, set_capacity
from rapport.workspace.actions.holdout import Wanted, arm_of, arms_of, running, sizes, start, stop
from rapport.workspace.actions.holdout_reports import due_at, report
from rapport.workspace.actions.models import ActionAssignment, HoldoutPlan, ThresholdCrossing, WorkItem
from rapport.workspace.actions.realtime.suggesting import suggest
from rapport.workspace.actions.work_list import build_work_list
from rapport.workspace.crm.records.models import Interaction
from rapport.workspace.crm.sales.models import Order
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition
from rapport.workspace.team.models import Team, User

from .conftest import DOCUMENT, NOW

Scored = Callable[..., CurrentScore]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


@pytest.fixture
def interest(scored: Scored) -> Scored:
    """The score claims an outcome, so that there is something to compare."""
    outcome = "outcome: {event: meeting, within_days: 30, repeatable: true}\n"
    ScoreDefinition.objects.update(document=DOCUMENT.replace("groups:", f"{outcome}groups:"), title="Interest")
    return scored


def _plan(**more: object) -> HoldoutPlan:
    return start(Wanted(**{"score": "interest", "held_out": 0.3, "days": 60, **more}), by="ann", now=NOW)  # type: ignore[arg-type]


def _suggested() -> set[str]:
    return set(WorkItem.objects.filter(state="open").values_list("subject_id", flat=True))


class TestWorkList:
    def test_leaves_those_alone_that_are_held_out(self, interest: Scored, ann: User) -> None:
        for number in range(40):
            interest(f"c{number:02d}", "90", owner=ann)
        _plan()
        build_work_list(now=NOW, capacity=100)
        arms = dict(ActionAssignment.objects.values_list("subject_id", "arm"))
        assert len(arms) == 40
        assert {s for s, arm in arms.items() if arm == "treated"} == _suggested()
        assert 4 <= sum(arm == "holdout" for arm in arms.values()) <= 20

    def test_fills_up_to_capacity_and_divides_nobody_further_down(self, interest: Scored, ann: User) -> None:
        for number in range(60):
            interest(f"c{number:02d}", str(99 - number / 10), owner=ann)
        _plan()
        build_work_list(now=NOW, capacity=10)
        told = sizes(HoldoutPlan.objects.get())
        assert told["treated"] == 10
        assert told["treated"] + told.get("holdout", 0) < 30

    def test_nobody_changes_arms(self, interest: Scored, ann: User) -> None:
        for number in range(30):
            interest(f"c{number:02d}", "90", owner=ann)
        _plan()
        build_work_list(now=NOW, capacity=100)
        before = dict(ActionAssignment.objects.values_list("subject_id", "arm"))
        for number in range(30):
            interest(f"c{number:02d}", "60", owner=ann, change="30")
        build_work_list(now=NOW + DAY, capacity=100)
        assert dict(ActionAssignment.objects.values_list("subject_id", "arm")) == before
        assert set(ActionAssignment.objects.values_list("stratum", flat=True)) == {"A"}

    def test_who_was_suggested_before_it_began_does_not_count(self, interest: Scored, ann: User) -> None:
        interest("early", "90", owner=ann)
        build_work_list(now=NOW - DAY)
        _plan(held_out=0.5)
        assert arm_of("interest", "early", band="A", now=NOW + DAY) == "treated"
        assert ActionAssignment.objects.count() == 0

    def test_after_its_end_everybody_is_suggested_again(self, interest: Scored, ann: User) -> None:
        for number in range(30):
            interest(f"c{number:02d}", "90", owner=ann)
        plan = _plan()
        build_work_list(now=NOW, capacity=100)
        assert len(_suggested()) < 30
        build_work_list(now=plan.ends_at, capacity=100)
        assert len(_suggested()) == 30

    def test_a_spared_band_is_not_held_out_from(self, interest: Scored) -> None:
        _plan(held_out=0.5, by_band={"A": 0.0})
        drawn = arms_of("interest", {f"a{i}": "A" for i in range(50)} | {f"b{i}": "B" for i in range(50)}, now=NOW)
        assert {drawn[f"a{i}"] for i in range(50)} == {"treated"}
        assert {drawn[f"b{i}"] for i in range(50)} == {"treated", "holdout"}

    def test_a_crossed_threshold_hands_out_nothing_to_those_held_out(self, interest: Scored, ann: User) -> None:
        for number in range(40):
            interest(f"c{number:02d}", "90", owner=ann, ready=True)
        _plan()
        answered = {}
        for number in range(40):
            crossing = ThresholdCrossing(
                score="interest", version=1, subject="contact", subject_id=f"c{number:02d}", kind="entered"
            )
            answered[crossing.subject_id] = suggest(crossing, NOW + DAY)
        held = set(ActionAssignment.objects.filter(arm="holdout").values_list("subject_id", flat=True))
        assert {s for s, told in answered.items() if "held_out" in told} == held
        assert held
        assert _suggested() == set(answered) - held

    def test_without_a_plan_nothing_is_kept(self, interest: Scored) -> None:
        assert arm_of("interest", "x", band="A", now=NOW) == "treated"
        assert ActionAssignment.objects.count() == 0


class TestPlan:
    def test_one_at_a_time(self, interest: Scored) -> None:
        plan = _plan()
        with pytest.raises(DefinitionError, match="runs already"):
            _plan()
        stop(plan, by="bob", why="the season is over", now=NOW + DAY)
        assert running("interest", now=NOW + DAY) is None
        assert _plan().action == "contact:interest-2"

    def test_a_share_that_makes_no_test_is_refused(self, interest: Scored) -> None:
        with pytest.raises(DefinitionError, match="does not make a test"):
            _plan(held_out=0.9)

    def test_a_score_without_an_outcome_has_nothing_to_compare(self, scored: Scored) -> None:
        with pytest.raises(DefinitionError, match="claims no outcome"):
            _plan()

    def test_stopping_early_does_not_bring_the_claim_forward(self, interest: Scored) -> None:
        plan = _plan()
        stop(plan, by="bob", why="it looks good", now=NOW + DAY)
        assert due_at(plan) == NOW + 90 * DAY


class TestReport:
    def _lives(self, interest: Scored, ann: User) -> HoldoutPlan:
        """100 suggested: all treated meet us and order, of those held out nobody does."""
        for number in range(100):
            interest(f"c{number:02d}", "90", owner=ann)
        plan = _plan(cost=Decimal("2.5"))
        build_work_list(now=NOW, capacity=200)
        for item in WorkItem.objects.filter(state="open"):
            decisions.done(item, by=ann, at=NOW + DAY)
            at = NOW + 5 * DAY
            own = {"contact_id": item.subject_id, "recorded_at": at, "created_at": at}
            Interaction.objects.create(type="meeting", direction="inbound", occurred_at=at, **own)
            Order.objects.create(ordered_at=at, status="paid", amount=Decimal(40), **own)
        return plan

    def test_counts_what_would_not_have_happened(self, interest: Scored, ann: User) -> None:
        plan = self._lives(interest, ann)
        effect = report(plan, now=due_at(plan)).effects[0]
        treated = sizes(plan)["treated"]
        assert (effect.rate, effect.control_rate, effect.verdict.word) == (1, 0, "pays")
        assert effect.incremental is not None
        assert effect.revenue is not None
        assert (effect.incremental.value, effect.revenue.value) == (treated, 40)
        assert (effect.reached, effect.cost_per_incremental) == (treated, 2.5)
        plan.refresh_from_db()
        assert plan.report is not None
        assert plan.report["effects"][0]["verdict"]["word"] == "pays"

    def test_before_a_window_is_over_it_is_too_early(self, interest: Scored, ann: User) -> None:
        plan = self._lives(interest, ann)
        made = report(plan, now=NOW + 10 * DAY)
        assert (made.effects[0].verdict.word, made.waiting) == ("too_early", 100)

    def test_undoing_what_was_done_is_not_reached(self, interest: Scored, ann: User) -> None:
        plan = self._lives(interest, ann)
        item = WorkItem.objects.filter(state="done").first()
        assert item is not None
        decisions.reopen(item)
        effect = report(plan, now=due_at(plan)).effects[0]
        assert effect.reached == sizes(plan)["treated"] - 1


class TestCapacity:
    def test_is_what_was_seen_to_be_done(self, interest: Scored, ann: User) -> None:
        for week in range(4):
            for number in range(6):
                _done(f"{week}-{number}", ann, NOW - timedelta(weeks=week) - DAY)
        # 24 in the three weeks and a day since the first
        assert (capacity(now=NOW).per_week, capacity(now=NOW).basis) == (round(24 / (22 / 7)), "measured")

    def test_is_what_a_team_says_where_it_says_it(self, interest: Scored, ann: User) -> None:
        team, other = Team.objects.create(name="North"), Team.objects.create(name="South")
        User.objects.filter(pk=ann.pk).update(team=other)
        ann.refresh_from_db()
        set_capacity(team=team, per_week=150, by="ann", now=NOW - DAY)
        _done("x", ann, NOW - DAY)
        assert [(c.team, c.per_week, c.basis) for c in by_team(now=NOW)] == [
            ("North", 150, "set"),
            ("South", 1, "measured"),
        ]
        assert (capacity(now=NOW).per_week, capacity(now=NOW).basis) == (151, "set")

    def test_is_unknown_where_nothing_was_done(self, db: None) -> None:
        assert (capacity(now=NOW).per_week, capacity(now=NOW).basis) == (None, "unknown")

    def test_the_newest_answer_counts(self, db: None) -> None:
        set_capacity(team=None, per_week=100, by="ann", now=NOW - 2 * DAY)
        set_capacity(team=None, per_week=120, by="bob", now=NOW - DAY)
        assert capacity(now=NOW).per_week == 120


def _done(key: str, by: User, at: object) -> None:
    WorkItem.objects.create(
        subject="contact",
        subject_id=key,
        score="interest",
        version=1,
        run_id="r",
        cause="high",
        reason="x",
        state="done",
        decided_by=by,
        decided_at=at,
    )
