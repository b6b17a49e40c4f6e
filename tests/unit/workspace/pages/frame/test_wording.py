"""Numbers, money and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from rapport.workspace.pages.frame.wording import ago, instant, money, number, percent, plain, short_money, short_number

NOW = datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(0, "0"), (1234.5, "1,234.5"), (Decimal("7.10"), "7.1"), (-3, "−3"), (None, "–"), (1e6, "1,000,000")],
    )
    def test_numbers_have_separators_and_no_trailing_zeros(self, value: float | None, text: str) -> None:
        assert number(value) == text

    @pytest.mark.parametrize(
        ("value", "text"), [(999, "999"), (1000, "1\u00a0k"), (12345, "12.3\u00a0k"), (1_250_000, "1.2\u00a0M")]
    )
    def test_short_numbers_keep_three_figures(self, value: int, text: str) -> None:
        assert short_number(value) == text

    @pytest.mark.parametrize(
        ("fraction", "text"),
        [(0.1234, "12.3\u00a0%"), (0.5, "50\u00a0%"), (0.0123, "1.2\u00a0%"), (0.00057, "0.057\u00a0%")],
    )
    def test_a_share_is_shown_in_percent(self, fraction: float, text: str) -> None:
        assert percent(fraction) == text

    def test_a_swede_reads_swedish_numbers(self) -> None:
        with translation.override("sv"):
            assert number(1234567.5) == "1\u00a0234\u00a0567,5"


class TestMoney:
    def test_a_currency_with_a_sign_has_it_in_front(self) -> None:
        assert money(Decimal("1234.50"), "EUR") == "€1,234.50"
        assert money(Decimal(-20), "USD") == "−$20"

    def test_a_currency_without_one_stands_after(self) -> None:
        assert money(Decimal(1000), "SEK") == "1,000\u00a0SEK"
        assert short_money(Decimal(2_000_000), "SEK") == "2\u00a0M\u00a0SEK"


class TestTimes:
    def test_an_instant_is_shown_in_the_reader_s_zone_on_a_day_of_changed_clocks(self) -> None:
        with timezone.override("Europe/Stockholm"):
            assert instant(datetime(2024, 3, 30, 23, 30, tzinfo=UTC)) == "31 Mar 2024, 00:30 CET"

    @pytest.mark.parametrize(
        ("before", "text"),
        [
            (timedelta(seconds=20), "just now"),
            (timedelta(minutes=5), "5 minutes ago"),
            (timedelta(hours=1), "1 hour ago"),
            (timedelta(days=13), "13 days ago"),
            (timedelta(days=-3), "in 3 days"),
            (timedelta(days=40), "5 weeks ago"),
        ],
    )
    def test_how_long_ago_is_one_unit(self, before: timedelta, text: str) -> None:
        assert ago(NOW - before, NOW) == text


def test_stored_names_become_words() -> None:
    assert plain("lifecycle_stage") == "Lifecycle stage"
    assert plain("mql") == "MQL"
