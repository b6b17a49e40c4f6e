"""Speed to lead: what counts as a touch, business and calendar time, clock changes, and leads nobody touched."""

from __future__ import annotations

from datetime import date

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-12-31")
MARCH = Period.month(2024, 3)
SHARES = ["speed_to_lead_within_5_min", "speed_to_lead_within_1_h", "speed_to_lead_within_24_h"]
WEEK = [
    {"name": "week", "time_zone": "Europe/Stockholm", "weekday": d, "opens": "09:00", "closes": "17:00"}
    for d in range(1, 6)
]


def lead(name: str, created: str, **columns: object) -> Row:
    return {"id": name, "created_at": created, **columns}


def touch(name: str, at: str, **columns: object) -> Row:
    told = {"contact_id": name, "occurred_at": at, "type": "email_sent", "direction": "outbound", "owner_id": "u1"}
    return {**told, **columns}


def numbers(values: list[MetricValue]) -> list[float | None]:
    return [None if v.value is None else round(float(v.value), 6) for v in values]


class TestWhatIsATouch:
    def test_the_first_outbound_one_of_a_human(self, company: Company, runner: DuckdbRunner) -> None:
        """Inbound, a campaign's, an automatic reply's and a robot's come first and do not count."""
        touches = [
            touch("a", "2024-03-04 10:01", direction="inbound"),
            touch("a", "2024-03-04 10:02", campaign_id="c"),
            touch("a", "2024-03-04 10:03", type="auto_reply"),
            touch("a", "2024-03-04 10:04", owner_id=None),
            touch("a", "2024-03-04 10:05", id="flagged"),
            touch("a", "2024-03-04 10:30"),
            touch("a", "2024-03-04 10:40"),
            touch("b", "2024-03-04 12:00", type="call", owner_id=None),
        ]
        snapshot = company(
            contacts=[lead("a", "2024-03-04 10:00"), lead("b", "2024-03-04 10:00"), lead("c", "2024-03-04 10:00")],
            interactions=touches,
            interaction_flags=[
                {"interaction_id": "flagged", "flag": "test", "value": True, "recorded_at": "2024-03-04 11:00"}
            ],
        )
        values = measure(["speed_to_lead_calendar", *SHARES], snapshot, period=MARCH, as_of=NOW, runner=runner)
        assert numbers(values) == [75.0, 0.0, round(1 / 3, 6), round(2 / 3, 6)]
        assert [(v.n, v.maturity) for v in values[1:]] == [(3, 1.0)] * 3

    def test_touched_before_it_became_a_lead_took_no_time(self, company: Company, runner: DuckdbRunner) -> None:
        touches = [touch("a", "2024-02-01"), touch("a", "2024-03-09"), touch("b", "2024-03-04 10:05")]
        snapshot = company(
            contacts=[lead("a", "2024-03-04 10:00"), lead("b", "2024-03-04 10:00")],
            interactions=touches,
            business_calendars=WEEK,
        )
        metrics = ["speed_to_lead", "speed_to_lead_calendar", *SHARES]
        values = measure(metrics, snapshot, period=MARCH, as_of=NOW, runner=runner)
        assert numbers(values) == [2.5, 2.5, 1.0, 1.0, 1.0]

    def test_a_lead_of_an_hour_ago_may_still_be_touched_in_time(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            contacts=[lead("a", "2024-03-30 10:00"), lead("b", "2024-03-31 10:00")],
            interactions=[touch("x", "2024-03-01")],
        )
        value = measure(SHARES[2:], snapshot, period=MARCH, as_of=utc("2024-03-31 11:00"), runner=runner)[0]
        assert (value.numerator, value.denominator, value.maturity) == (0, 2, 0.5)
        median = measure(["speed_to_lead_calendar"], snapshot, period=MARCH, as_of=NOW, runner=runner)[0]
        assert median.value is None

    def test_merged_people_are_one_lead_with_the_touches_of_both(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            contacts=[lead("a", "2024-03-04 10:00"), lead("twin", "2024-03-05 10:00")],
            interactions=[touch("twin", "2024-03-04 10:04")],
            identity_links=[
                {"entity": "contact", "from_id": "twin", "to_id": "a", "kind": "merge", "recorded_at": "2024-03-06"}
            ],
        )
        value = measure(SHARES[:1], snapshot, period=MARCH, as_of=NOW, runner=runner)[0]
        assert (value.numerator, value.denominator) == (1, 1)


class TestTime:
    def test_over_the_week_end_of_the_clock_change(self, company: Company, runner: DuckdbRunner) -> None:
        """Friday 29 March 16:30 to Monday 1 April 09:15 in Stockholm; the night of the 31st has an hour less.

        Business: 30 + 15 minutes. Calendar: 64 h 45 min by the clock on the wall, 63 h 45 min that passed.
        """
        snapshot = company(
            contacts=[lead("a", "2024-03-29 15:30")],
            interactions=[touch("a", "2024-04-01 07:15")],
            business_calendars=WEEK,
            time_zone="Europe/Stockholm",
        )
        metrics = ["speed_to_lead", "speed_to_lead_calendar", *SHARES]
        values = measure(metrics, snapshot, period=MARCH, as_of=NOW, runner=runner)
        assert numbers(values) == [45.0, 63.75 * 60, 0.0, 0.0, 0.0]

    def test_leads_of_an_hour_of_the_local_day(self, company: Company, runner: DuckdbRunner) -> None:
        """The same hour in Greenwich is 9 in winter and 10 in summer in Stockholm."""
        snapshot = company(
            contacts=[lead("a", "2024-03-29 08:00"), lead("b", "2024-03-31 08:00")],
            interactions=[touch("a", "2024-03-29 08:03")],
            time_zone="Europe/Stockholm",
        )
        values = measure(SHARES[:1], snapshot, period=MARCH, as_of=NOW, runner=runner, by=["hour"])
        assert {v.dimensions["hour"]: v.value for v in values} == {"09": 1.0, "10": 0.0}

    def test_from_assignment(self, company: Company, runner: DuckdbRunner) -> None:
        """Owned from 10:20 on and touched at 10:50; owned before it was a lead; never owned; touched before owned."""
        owners = [
            changed("contact", "a", "owner_id", "u1", "2024-03-04 10:20"),
            changed("contact", "a", "owner_id", "u2", "2024-03-04 10:40"),
            changed("contact", "b", "owner_id", "u1", "2024-01-01"),
            changed("contact", "d", "owner_id", "u1", "2024-03-04 12:00"),
        ]
        snapshot = company(
            contacts=[lead(name, "2024-03-04 10:00") for name in "abcd"],
            interactions=[
                touch("a", "2024-03-04 10:50"),
                touch("b", "2024-03-04 10:10"),
                touch("c", "2024-03-04 10:05"),
                touch("d", "2024-03-04 10:01"),
            ],
            attribute_history=owners,
            business_calendars=WEEK,
        )
        values = measure(["speed_to_lead_assigned", "speed_to_lead"], snapshot, period=MARCH, as_of=NOW, runner=runner)
        assert [(v.n, round(float(v.value or 0), 6)) for v in values] == [(3, 10.0), (4, 7.5)]

    def test_without_a_calendar_business_time_is_unknown(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contacts=[lead("a", "2024-03-04 10:00")], interactions=[touch("a", "2024-03-04 10:05")])
        business, calendar = measure(
            ["speed_to_lead", "speed_to_lead_calendar"], snapshot, period=MARCH, as_of=NOW, runner=runner
        )
        assert business.value is None
        assert "business calendar" in (business.reason or "")
        assert calendar.value == 5.0


def test_prospects_are_those_who_are_leads_at_the_end_of_each_month(company: Company, runner: DuckdbRunner) -> None:
    """a was a lead when it came and is a customer since March; b qualified in February; c gave way to b."""
    history = [
        changed("contact", "a", "lifecycle_stage", "lead", "2024-01-20"),
        changed("contact", "a", "lifecycle_stage", "customer", "2024-03-10"),
        changed("contact", "b", "lifecycle_stage", "visitor", "2024-01-01"),
        changed("contact", "b", "lifecycle_stage", "lead", "2024-02-01"),
        changed("contact", "b", "lifecycle_stage", "sql", "2024-02-15"),
        changed("contact", "c", "lifecycle_stage", "lead", "2024-02-01"),
    ]
    links = [{"entity": "contact", "from_id": "c", "to_id": "b", "kind": "merge", "recorded_at": "2024-04-01"}]
    snapshot = company(
        contacts=[lead("a", "2023-12-10"), lead("b", "2024-01-01"), lead("c", "2024-01-01")],
        attribute_history=history,
        identity_links=links,
    )
    months = Period(date(2023, 12, 1), date(2024, 5, 1))
    values = measure(["prospects"], snapshot, period=months, as_of=NOW, runner=runner, grain="month")
    assert numbers(values) == [1, 1, 2, 1, 1]
