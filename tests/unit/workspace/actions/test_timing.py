"""The best channel and hour, by what came from the contact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rapport.workspace.actions.timing import Way, ways
from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.crm.sales.models import Order

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def _happened(hours: list[int], *, channel: str = "email", direction: str = "inbound", days_ago: int = 1) -> None:
    """Interactions of kim, one on each of the days before, at these hours UTC."""
    for number, hour in enumerate(hours):
        at = NOW.replace(hour=hour) - timedelta(days=days_ago + number)
        Interaction.objects.create(contact_id="kim", type="call", channel=channel, direction=direction, occurred_at=at)


@pytest.fixture(autouse=True)
def _kim() -> None:
    Contact.objects.create(id="kim", email="kim@example.com")


def _way() -> Way:
    return ways(["kim"], now=NOW, zone=STOCKHOLM)["kim"]


def test_the_hour_is_local() -> None:
    _happened([8, 8, 8, 15, 15])
    assert _way() == Way(channel="email", hour=9)


def test_of_equal_hours_the_first() -> None:
    _happened([15, 15, 15, 8, 8, 8])
    assert _way().hour == 9


def test_four_reactions_are_too_few_for_an_hour() -> None:
    _happened([8, 8, 8, 8])
    assert _way().hour is None


def test_what_we_sent_says_nothing_of_when_they_react() -> None:
    _happened([8] * 9, direction="outbound")
    assert _way() == Way(channel="email", hour=None)


def test_nobody_is_called_at_night() -> None:
    _happened([1] * 9)
    _happened([13] * 5)
    assert _way().hour == 14


def test_half_a_year_ago_is_too_long() -> None:
    _happened([8] * 5, days_ago=181)
    assert _way().hour is None


def test_purchases_count_for_the_hour_but_are_no_channel() -> None:
    Contact.objects.filter(id="kim").update(email=None, phone="+46700000000")
    for day in range(5):
        Order.objects.create(contact_id="kim", ordered_at=NOW.replace(hour=17) - timedelta(days=day + 1))
    assert _way() == Way(channel="phone", hour=18)


def test_the_contact_s_own_zone_counts() -> None:
    Contact.objects.filter(id="kim").update(time_zone="America/New_York")
    _happened([15] * 5)
    assert _way().hour == 10
