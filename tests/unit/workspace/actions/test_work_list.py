"""Contact these now: who is chosen, in which order, for whom, and who is left in peace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rapport.workspace.actions.decisions import done, not_relevant, snooze
from rapport.workspace.actions.models import WorkItem
from rapport.workspace.actions.work_list import build_work_list
from rapport.workspace.crm.records.models import Contact
from rapport.workspace.team.models import User

from .conftest import Scored

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _listed() -> list[tuple[str, str]]:
    return [(i.subject_id, i.cause) for i in WorkItem.objects.filter(state="open").order_by("rank", "subject_id")]


class TestWhoIsChosen:
    def test_the_ready_the_slipping_the_rising_and_the_high_in_turn(self, scored: Scored) -> None:
        scored("high1", "90")
        scored("high2", "85")
        scored("rises", "40", change="20")
        scored("slips", "30", change="-30")
        scored("ready", "82", ready=True)
        scored("quiet", "10", change="0")
        build_work_list(now=NOW)
        assert _listed() == [
            ("ready", "ready"),
            ("slips", "falling"),
            ("rises", "risen"),
            ("high1", "high"),
            ("high2", "high"),
        ]

    def test_nobody_twice(self, scored: Scored) -> None:
        scored("all", "95", change="20", ready=True)
        assert build_work_list(now=NOW) == 1

    def test_who_slips_from_the_lower_bands_is_let_go(self, scored: Scored) -> None:
        scored("low", "20", change="-25")
        scored("key", "24.999999", change="-25.000001")
        build_work_list(now=NOW)
        assert _listed() == [("key", "falling")]

    def test_who_rises_within_the_lowest_band_is_not_yet_worth_it(self, scored: Scored) -> None:
        scored("low", "19", change="15")
        scored("warm", "20", change="15")
        build_work_list(now=NOW)
        assert _listed() == [("warm", "risen")]

    def test_a_record_that_was_deleted_is_left_out(self, scored: Scored) -> None:
        scored("gone", "90")
        Contact.objects.filter(id="gone").update(deleted_at=NOW)
        assert build_work_list(now=NOW) == 0


class TestForWhom:
    def test_each_owner_within_capacity_and_those_of_no_one_apart(self, scored: Scored, ann: User) -> None:
        for number in range(4):
            scored(f"hers{number}", str(90 + number), owner=ann)
            scored(f"no ones{number}", str(90 + number))
        build_work_list(now=NOW, capacity=3)
        told = WorkItem.objects.order_by("for_user", "rank").values_list("for_user__username", "subject_id", "rank")
        assert sorted(told, key=str) == sorted(
            [
                ("ann", "hers3", 1),
                ("ann", "hers2", 2),
                ("ann", "hers1", 3),
                (None, "no ones3", 1),
                (None, "no ones2", 2),
                (None, "no ones1", 3),
            ],
            key=str,
        )


class TestAgain:
    def test_an_open_item_keeps_its_id_and_takes_the_new_value(self, scored: Scored) -> None:
        scored("kim", "85")
        build_work_list(now=NOW)
        before = WorkItem.objects.get()
        scored("kim", "88")
        build_work_list(now=NOW + timedelta(days=1))
        after = WorkItem.objects.get()
        assert (after.id, after.created_at, after.value) == (before.id, NOW, 88)

    def test_what_no_longer_stands_is_withdrawn(self, scored: Scored) -> None:
        scored("kim", "85")
        build_work_list(now=NOW)
        scored("kim", "40", change="0")
        assert build_work_list(now=NOW) == 0
        assert not WorkItem.objects.exists()

    @pytest.mark.parametrize(("days", "listed"), [(13, False), (15, True)])
    def test_who_was_contacted_is_left_in_peace_for_a_fortnight(
        self, scored: Scored, ann: User, days: int, listed: bool
    ) -> None:
        scored("kim", "85")
        build_work_list(now=NOW)
        done(WorkItem.objects.get(), by=ann, at=NOW)
        build_work_list(now=NOW + timedelta(days=days))
        assert WorkItem.objects.filter(state="open").exists() is listed

    @pytest.mark.parametrize(("days", "listed"), [(89, False), (91, True)])
    def test_who_is_not_relevant_stays_away_for_longer(
        self, scored: Scored, ann: User, days: int, listed: bool
    ) -> None:
        scored("kim", "85")
        build_work_list(now=NOW)
        not_relevant(WorkItem.objects.get(), by=ann, at=NOW)
        build_work_list(now=NOW + timedelta(days=days))
        assert WorkItem.objects.filter(state="open").exists() is listed

    def test_who_was_snoozed_comes_back_as_the_same_item(self, scored: Scored, ann: User) -> None:
        scored("kim", "85")
        build_work_list(now=NOW)
        item = snooze(WorkItem.objects.get(), by=ann, at=NOW, how_long="week")
        build_work_list(now=NOW + timedelta(days=6))
        assert WorkItem.objects.get().state == "snoozed"
        build_work_list(now=NOW + timedelta(days=7))
        assert (WorkItem.objects.get().id, WorkItem.objects.get().state) == (item.id, "open")


class TestReasons:
    def test_who_moved_is_told_by_what_moved(self, scored: Scored) -> None:
        scored("kim", "60", change="30")
        build_work_list(now=NOW)
        item = WorkItem.objects.get()
        assert item.reason == "Gained 30 points in a week. Visit +30: 6 × page view."
        assert item.lines == [{"name": "visit", "points": "60.00", "change": "30.00", "sentence": "6 × page view."}]

    def test_who_is_high_is_told_by_what_counts(self, scored: Scored) -> None:
        scored("kim", "90")
        build_work_list(now=NOW)
        assert WorkItem.objects.get().reason == "In the top band, A. Visit: 9 × page view."
