"""Cells as values: dates of many styles, numbers with either mark, people, choices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rapport.workspace.crm.intake.values.choices import meanings, status_of_stage
from rapport.workspace.crm.intake.values.dates import orders_possible, read_date, read_instant
from rapport.workspace.crm.intake.values.numbers import decimal_mark, read_decimal
from rapport.workspace.crm.intake.values.persons import domain_of, read_email, read_phone, split_name
from rapport.workspace.crm.records.values import UnfitError

BERLIN = ZoneInfo("Europe/Berlin")


class TestInstants:
    @pytest.mark.parametrize(
        "text",
        [
            "2024-03-12 09:14",
            "2024-03-12T09:14:00",
            "2024-03-12T08:14:00Z",
            "2024-03-12 08:14:00.000000 UTC",
            "2024-03-12T10:14:00+02:00",
            "2024/3/12 9:14",
            "12/03/2024 9:14 AM",
            "12.03.2024 09:14",
            "12-03-24 09:14",
            "12 Mar 2024 09:14",
            "Mar 12, 2024 9:14 am",
            "1710231240",
            "1710231240000",
            "45363.384722222225",
        ],
    )
    def test_of_every_style_are_the_same_instant(self, text: str) -> None:
        at = read_instant(text, order="dmy", zone=BERLIN)
        if text == "45363.384722222225":  # Excel's day number has no zone
            at = at.replace(second=0)
        assert at == datetime(2024, 3, 12, 8, 14, tzinfo=UTC)

    def test_follow_daylight_saving_of_their_zone(self) -> None:
        assert read_instant("2024-07-01 00:30", order="", zone=BERLIN) == datetime(2024, 6, 30, 22, 30, tzinfo=UTC)

    def test_of_a_day_alone_are_its_midnight(self) -> None:
        assert read_instant("2024-03-12", order="", zone=BERLIN) == datetime(2024, 3, 11, 23, tzinfo=UTC)

    def test_with_one_digit_for_the_hour_are_read(self) -> None:
        assert read_instant("2020-12-30 3:15:52", order="", zone=UTC) == datetime(2020, 12, 30, 3, 15, 52, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text", ["yesterday", "2024-13-01", "31/02/2024", "0001-01-01", "9999-12-31", "12 Foo 2024"]
    )
    def test_that_are_none_are_refused(self, text: str) -> None:
        with pytest.raises(UnfitError):
            read_instant(text, order="dmy", zone=UTC)

    def test_whose_order_is_not_known_are_refused(self) -> None:
        with pytest.raises(UnfitError, match="may be day/month or month/day"):
            read_instant("03/04/2024", order="", zone=UTC)


class TestDays:
    def test_are_read_by_the_order_of_the_column(self) -> None:
        assert read_date("03/04/2024", order="dmy", zone=UTC) == date(2024, 4, 3)
        assert read_date("03/04/2024", order="mdy", zone=UTC) == date(2024, 3, 4)

    def test_of_an_instant_are_local(self) -> None:
        assert read_date("2024-03-30T23:30:00Z", order="", zone=BERLIN) == date(2024, 3, 31)

    @pytest.mark.parametrize(
        ("texts", "orders"),
        [
            (["03/04/2024", "13/04/2024"], {"dmy"}),
            (["03/04/2024", "04/13/2024"], {"mdy"}),
            (["03/04/2024", "05/06/2024"], {"dmy", "mdy"}),
            (["03.04.2024"], {"dmy"}),
            (["20-10-16", "01-03-17"], {"dmy"}),
            (["2024-01-02", "x"], set()),
        ],
    )
    def test_tell_their_order_together(self, texts: list[str], orders: set[str]) -> None:
        assert orders_possible(texts) == orders


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "mark", "number"),
        [
            ("1234.5", ".", "1234.5"),
            ("1,234,567.89", ".", "1234567.89"),
            ("1.234.567,89", ",", "1234567.89"),
            ("€ 1 234,50", ",", "1234.5"),
            ("$1,200", ".", "1200"),
            ("1200 USD", ".", "1200"),
            ("CHF 1'200.00", ".", "1200"),
            ("(45.10)", ".", "-45.1"),
            ("-3", ".", "-3"),
            ("75%", ".", "0.75"),
            ("1.2e3", ".", "1200"),
            (",5", ",", "0.5"),
        ],
    )
    def test_are_read(self, text: str, mark: str, number: str) -> None:
        assert read_decimal(text, mark=mark) == Decimal(number)

    @pytest.mark.parametrize("text", ["1,5", "12 apples", "1.2.3", "--5", "abc", "1,23,456"])
    def test_that_are_none_or_of_the_other_mark_are_refused(self, text: str) -> None:
        with pytest.raises(UnfitError):
            read_decimal(text, mark=".")

    def test_tell_their_decimal_mark_together(self) -> None:
        assert decimal_mark(["1.234", "1.234,50", "7"]) == ","
        assert decimal_mark(["1,234", "1,234.50", "7"]) == "."
        assert decimal_mark(["12,5", "3"]) == ","
        assert decimal_mark(["1,234", "5,678"]) == "."


class TestPeople:
    def test_have_addresses_in_lower_case(self) -> None:
        assert read_email(" Ann.Lee@Example.COM ") == "ann.lee@example.com"
        assert read_email("Ann Lee <ann@example.com>") == "ann@example.com"

    @pytest.mark.parametrize("text", ["ann", "ann@", "@example.com", "ann@example", "a b@example.com", "a@b..com"])
    def test_without_an_address_are_refused(self, text: str) -> None:
        with pytest.raises(UnfitError, match="no e-mail address"):
            read_email(text)

    def test_have_international_numbers_where_the_country_can_be_told(self) -> None:
        assert read_phone("+49 (30) 123-4567", country="") == "+49301234567"
        assert read_phone("0049 30 1234567", country="") == "+49301234567"
        assert read_phone("030 1234567", country="DE") == "+49301234567"
        assert read_phone("030 1234567", country="") == "030 1234567"
        assert read_phone("ext. 12", country="DE") == "ext. 12"

    def test_have_names_in_two_parts(self) -> None:
        assert split_name("Ann Mary Lee") == ("Ann Mary", "Lee")
        assert split_name("Lee, Ann") == ("Ann", "Lee")
        assert split_name("Cher") == ("", "Cher")

    def test_have_domains_without_www(self) -> None:
        assert domain_of("https://www.Example.com:443/path?x=1") == "example.com"
        assert domain_of("example.co.uk") == "example.co.uk"


class TestChoices:
    def test_are_found_whatever_their_spelling(self) -> None:
        stages = meanings("contacts", "lifecycle_stage", {})
        assert [stages["marketingqualifiedlead"], stages["subscriber"], stages["customer"]] == [
            "mql",
            "visitor",
            "customer",
        ]

    def test_follow_what_a_person_said(self) -> None:
        assert meanings("deals", "status", {"Done Deal": "won"})["donedeal"] == "won"

    def test_of_a_stage_tell_the_status(self) -> None:
        told = {"Closed Won": "won", "closedlost": "lost", "Won": "won", "Negotiation": "open", "6 - Closed Won": "won"}
        assert {stage: status_of_stage(stage) for stage in told} == told
