"""What is not known is never shown as 0: tiles, exports, mails, goals, segments, forecasts, one's own numbers."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail as box
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from rapport.workspace.crm.sales.models import Deal, Order
from rapport.workspace.metrics.boards.editing import add_tile, make
from rapport.workspace.metrics.boards.mailing import Times, deliver_due, order
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.figures import Figure, Figures
from rapport.workspace.metrics.goals.models import GoalPlan, Objective
from rapport.workspace.metrics.models import Goal
from rapport.workspace.metrics.ready_made import PLANS, ensure_ready_made
from rapport.workspace.pages.dashboards import tables
from rapport.workspace.pages.dashboards.letters import letters
from rapport.workspace.pages.dashboards.tiles import board
from small_company import SmallCompany

BEFORE = "period=2020-01-01..2020-01-31"
"""Years before the first row of the company."""
_ZERO = re.compile(r"(?<![\w.,:/\-&#;])[€$]?0(?:[.,]0+)?(?![\w.,:/\-])")


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


def words(page: str) -> str:
    """What is read on a page, tags as bars."""
    told = re.sub(r"<(script|style|svg).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"(\| ?)+", "|", re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "|", told)))


def zeros(page: str) -> list[str]:
    """Every 0 that stands alone, with the words before it."""
    told = words(page)
    return [told[max(0, found.start() - 60) : found.end()] for found in _ZERO.finditer(told)]


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return (b"".join(answer) if answer.streaming else answer.content).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("slug", [plan.slug for plan in PLANS])
def test_a_dashboard_of_a_period_without_data(company: SmallCompany, slug: str) -> None:
    """Tables that no source fills, and a time before the data: every tile, month, part and cell."""
    ensure_ready_made()
    client = company.client("ada")
    page = read(client, f"/dashboards/{slug}/figures/?{BEFORE}")
    assert zeros(page) == []
    lines = list(
        csv.DictReader(StringIO(read(client, f"/dashboards/{slug}/export.csv?{BEFORE}").removeprefix("\ufeff")))
    )
    assert lines
    assert [line for line in lines if line["Value"] or line["Compared"] or line["Change"]] == []
    assert all(line["Remarks"] for line in lines if not line["Part"])


def test_a_metric_of_a_period_without_data(company: SmallCompany) -> None:
    page = read(company.client("ada"), f"/dashboards/metrics/revenue/figures/?{BEFORE}")
    assert zeros(page) == []
    assert "unknown" in words(page)


def test_a_workbook_of_what_is_unknown() -> None:
    now = datetime(2026, 3, 31, tzinfo=UTC)
    tiles = tuple(
        Figure(metric=metric, display="value", reason="No data reach back to this period.")
        for metric in ("revenue", "win_rate", "backlog", "nps")
    )
    told = Figures(first=date(2026, 3, 1), end=date(2026, 4, 1), computed_at=now, data_through=None, tiles=tiles)
    book = load_workbook(BytesIO(tables.workbook_of(board(told, Asked()), title="Board", lead="March")))
    cells = [cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if isinstance(cell, int | float)]


def test_a_mail_of_what_is_unknown(company: SmallCompany) -> None:
    ada = company.people["ada"]
    made = make(title="All", owner=ada)
    for metric in ("revenue", "win_rate", "open_deals", "nps"):
        add_tile(made, user=ada, metric=metric, display="value")
    now = datetime(2026, 3, 30, 5, tzinfo=UTC)
    times = Times(cadence="weekly", weekday=1, hour=5)
    order(made, user=ada, receivers=[ada.pk], times=times, now=now - timedelta(days=3), question=BEFORE)
    with time_machine.travel(now, tick=False):
        deliver_due(letters, now=now)
    (letter,) = box.outbox
    texts = [str(letter.body), *(str(content) for content, _ in getattr(letter, "alternatives", ()))]
    assert [found for text in texts for found in zeros(text)] == []


def test_a_goal_whose_metric_has_no_data(company: SmallCompany) -> None:
    now = timezone.now()
    goal = Goal.objects.create(
        metric="mrr",
        target=1000.0,
        direction="at_least",
        starts_at=now - timedelta(days=30),
        due_at=now + timedelta(days=30),
        owner=company.people["ada"],
        filters={},
    )
    objective = Objective.objects.create(title="Grow", heading="Financial")
    GoalPlan.objects.create(goal=goal, objective=objective, reading="total")
    for address in ("/goals/", "/goals/strategy/", f"/goals/{goal.pk}/"):
        page = read(company.client("ada"), address)
        assert zeros(page) == []
        assert "unknown" in words(page)


@pytest.mark.parametrize(
    ("part", "why"),
    [("figures", "No deal has an amount"), ("beyond", "needs the table orders"), ("past", "too little history")],
)
def test_a_forecast_without_a_past(company: SmallCompany, part: str, why: str) -> None:
    """It says what is missing."""
    Order.objects.all().delete()
    Deal.objects.update(amount=None)
    page = read(company.client("ada"), f"/deals/forecast/{part}/")
    assert why in words(page)
    assert zeros(page) == []


def test_segments_of_a_metric_without_data(company: SmallCompany) -> None:
    page = read(company.client("ada"), "/segments/metrics/?metric=nps&part=figures")
    assert zeros(page) == []


class TestOnesOwnNumbers:
    def _worth(self, company: SmallCompany) -> str:
        found = re.search(r"Their value\|([^|]*)\|", words(read(company.client("alice"), "/today/")))
        assert found
        return found[1].strip()

    def test_deals_without_amount_are_not_worth_nothing(self, company: SmallCompany) -> None:
        Deal.objects.update(amount=None)
        assert self._worth(company) == "–"

    def test_currencies_are_never_added_up(self, company: SmallCompany) -> None:
        Deal.objects.create(
            id="abroad",
            name="Abroad",
            owner=company.people["alice"],
            status="open",
            amount=Decimal(500),
            currency="USD",
            created_at=datetime(2026, 3, 2, tzinfo=UTC),
        )
        worth = self._worth(company)
        assert "€1" in worth
        assert "$500" in worth


def test_orders_without_amount_have_no_value(company: SmallCompany) -> None:
    Order.objects.update(amount=None)
    page = words(read(company.client("alice"), "/contacts/contact-0/"))
    assert re.search(r"Value so far\|[^|]*\|?\s*–", page), page[:2000]
