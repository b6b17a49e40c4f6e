"""Beside the figures: months that stand out and why, goals, notes and filters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.period import Period
from rapport.workspace.crm.records.changes import write
from rapport.workspace.metrics.boards.editing import add_tile, make
from rapport.workspace.metrics.boards.explaining import explain
from rapport.workspace.metrics.boards.filtering import shared_dimensions, values_of
from rapport.workspace.metrics.boards.notes import may_remove, notes_of, remove_note, write_note
from rapport.workspace.metrics.boards.targets import targets
from rapport.workspace.metrics.boards.watching import watched
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.figures import Figure, Figures, Point
from rapport.workspace.metrics.models import Audience, Goal, Tile
from rapport.workspace.metrics.ready_made import ensure_ready_made
from small_company import SmallCompany

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
MONTHS = [date(2024 + n // 12, n % 12 + 1, 1).isoformat() for n in range(3, 27)]  # April 2024 to March 2026


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


def _figures(metric: str, values: list[float | None], *, through: datetime | None = NOW) -> Figures:
    series = tuple(Point(label=m, value=v) for m, v in zip(MONTHS, values, strict=True))
    figure = Figure(metric=metric, display="value", value=values[-1], series=series)
    return Figures(
        first=date(2026, 3, 1), end=date(2026, 3, 31), computed_at=NOW, data_through=through, tiles=(figure,)
    )


CALM: list[float | None] = [100.0 + n % 5 for n in range(24)]


class TestWatching:
    def test_looks_at_the_newest_month_that_is_over(self) -> None:
        seen = watched(_figures("orders", [*CALM[:-2], 300.0, 5.0]))["orders"]
        assert (seen.month.start, seen.outlook.value, seen.outlook.stands_out) == (date(2026, 2, 1), 300.0, True)
        assert seen.outlook.upper < 300

    def test_a_month_of_which_data_tell_only_a_part_is_not_looked_at(self) -> None:
        figures = _figures("orders", [*CALM[:-2], 5.0, None], through=datetime(2026, 2, 10, tzinfo=UTC))
        seen = watched(figures)["orders"]
        assert (seen.month.start, seen.outlook.stands_out) == (date(2026, 1, 1), False)

    def test_a_stock_is_looked_at_as_it_stands(self) -> None:
        seen = watched(_figures("open_deals", [*CALM[:-1], 300.0]))["open_deals"]
        assert (seen.is_now, seen.outlook.stands_out) == (True, True)

    def test_the_first_month_with_data_and_what_lies_before_a_gap_are_no_history(self) -> None:
        assert watched(_figures("orders", [*[None] * 11, 1.0, *CALM[12:]])) == {}
        seen = watched(_figures("orders", [*[None] * 5, 1.0, *CALM[6:]]))["orders"]
        assert not seen.outlook.stands_out

    def test_a_cohort_is_not_watched(self) -> None:
        assert watched(_figures("win_rate_cohort", [0.5] * 24)) == {}


@pytest.fixture
def two_years() -> None:
    """Ten orders of 10 a month in the store and on the web each; in February 2026 the web has two."""
    write("contacts", [{"id": "kim", "created_at": NOW - timedelta(days=900)}], source="s", by="s", at=NOW)
    orders = []
    for number, month in enumerate(MONTHS):
        for channel in ("store", "web"):
            for day in range(2 if (channel, month) == ("web", "2026-02-01") else 10):
                at = datetime.fromisoformat(month).replace(tzinfo=UTC) + timedelta(days=day, hours=12)
                orders.append(
                    {
                        "id": f"{number}-{channel}-{day}",
                        "contact_id": "kim",
                        "ordered_at": at,
                        "recorded_at": at,
                        "created_at": at,
                        "amount": Decimal(10),
                        "currency": "EUR",
                        "channel": channel,
                        "status": "paid",
                    }
                )
    assert not write("orders", orders, source="s", by="s", at=NOW).refused


@pytest.mark.usefixtures("two_years")
class TestExplaining:
    def test_names_the_part_that_fell(self) -> None:
        told = explain("orders", Period.month(2026, 2), seasonal=False, filters={}, now=NOW)
        assert told is not None
        assert (told.dimension, told.contribution.part, told.contribution.moved) == ("channel", "web", -8)
        assert (told.before.start, told.contribution.weight) == (date(2025, 8, 1), 0.5)
        calm = explain("orders", Period.month(2026, 1), seasonal=True, filters={}, now=NOW)
        assert calm is None

    def test_filter_values_are_those_there_are(self) -> None:
        tiles = [Tile(metric="orders"), Tile(metric="revenue")]
        assert ("channel", 2) in shared_dimensions(tiles)
        question = Asked().question(NOW)
        assert values_of(tiles, "channel", question) == [("store", "store"), ("web", "web")]
        assert values_of(tiles, "no_such", question) == []


class TestTargets:
    def _goal(self, **changed: Any) -> None:
        kept = {"metric": "revenue", "target": 100.0, "due_at": NOW + timedelta(days=90)}
        Goal.objects.create(**{**kept, **changed})

    def test_the_goal_due_next_of_the_whole_metric(self) -> None:
        self._goal(target=1.0, due_at=NOW - timedelta(days=1))
        self._goal(target=2.0, filters={"channel": "web"})
        self._goal(target=3.0, starts_at=NOW + timedelta(days=1))
        self._goal(target=4.0, deleted_at=NOW)
        self._goal(target=500.0)
        self._goal(target=900.0, due_at=NOW + timedelta(days=300))
        found = targets(["revenue", "orders"], now=NOW)
        assert {metric: target.target for metric, target in found.items()} == {"revenue": 500.0}


class TestNotes:
    def test_belong_to_a_dashboard_or_to_all(self, company: SmallCompany) -> None:
        ready = ensure_ready_made()
        bob = company.people["bob"]
        write_note(ready[0], day=date(2026, 2, 3), text=" Price  raised ", author=bob)
        write_note(ready[1], day=date(2026, 3, 3), text="Fair", author=bob, everywhere=True)
        assert [n.text for n in notes_of(ready[0])] == ["Fair", "Price raised"]
        assert [n.text for n in notes_of(ready[1])] == ["Fair"]
        assert [n.text for n in notes_of(ready[0], within=Period.month(2026, 2))] == ["Price raised"]

    def test_are_written_by_who_sees_the_dashboard(self, company: SmallCompany) -> None:
        private = make(title="Mine", owner=company.people["bob"])
        with pytest.raises(PermissionDenied):
            write_note(private, day=date(2026, 2, 3), text="x", author=company.people["alice"])
        with pytest.raises(PermissionDenied):
            write_note(
                ensure_ready_made()[0], day=date(2026, 2, 3), text="x", author=company.people["alice"], everywhere=True
            )

    def test_are_removed_by_author_owner_and_administrator(self, company: SmallCompany) -> None:
        people = company.people
        board = make(title="All", owner=people["nora"], audience=Audience.ALL)
        add_tile(board, user=people["nora"], metric="orders")
        note = write_note(board, day=date(2026, 2, 3), text="x", author=people["alice"])
        assert [n for n, u in people.items() if may_remove(u, note)] == ["alice", "nora", "ada"]
        with pytest.raises(PermissionDenied):
            remove_note(note, user=people["bob"])
        remove_note(note, user=people["alice"])
        assert notes_of(board) == []

    @pytest.mark.parametrize("text", ["", "  ", "x" * 501])
    def test_have_a_text(self, company: SmallCompany, text: str) -> None:
        with pytest.raises(DefinitionError):
            write_note(ensure_ready_made()[0], day=date(2026, 2, 3), text=text, author=company.people["bob"])
