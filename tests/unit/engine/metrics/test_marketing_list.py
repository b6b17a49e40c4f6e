"""The e-mail list: who may be mailed, who came and left, and how fast it grows."""

from __future__ import annotations

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure, rows
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relations.list_changes import LIST_CHANGES, MAILABLE
from rapport.engine.metrics.windows import windows_of
from tiny_company import Company, Row, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)
CHANGES = ["email_opt_ins", "email_list_departures", "email_list_unsubscribes", "email_list_bounced"]


def consent(contact: str, at: str, *, granted: bool = True, purpose: str = "news", **more: object) -> Row:
    return {"contact_id": contact, "purpose": purpose, "channel": "email", "granted": granted, "decided_at": at, **more}


def values_of(
    metrics: list[str], snapshot: Snapshot, runner: DuckdbRunner, period: Period = MARCH
) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(metrics, snapshot, period=period, as_of=NOW, runner=runner)}


def test_a_list_of_10_000_with_500_who_came_and_300_who_left_grew_by_2_percent(
    company: Company, runner: DuckdbRunner
) -> None:
    """+500 opt-ins, -150 unsubscribes, -50 hard bounces, -100 cleaned."""
    consents = [consent(f"p{i}", "2024-01-01") for i in range(10_000)]
    consents += [consent(f"new{i}", "2024-03-10") for i in range(500)]
    consents += [consent(f"p{i}", "2024-03-15", granted=False, method="cleaned") for i in range(900, 1000)]
    left = [{"contact_id": f"p{i}", "type": "unsubscribe", "occurred_at": "2024-03-12"} for i in range(150)]
    left += [
        {"contact_id": f"p{i}", "type": "email_bounce", "outcome": "hard", "occurred_at": "2024-03-13"}
        for i in range(200, 250)
    ]
    left += [
        {"contact_id": f"p{i}", "type": "email_bounce", "outcome": "soft", "occurred_at": "2024-03-13"}
        for i in range(300, 400)
    ]
    rates = {
        "email_list_growth_rate": 200 / 10_000,
        "email_list_growth_rate_without_bounces": 350 / 10_000,
        "email_list_growth_rate_end": 200 / 10_200,
        "email_list_growth_rate_gross": 500 / 10_000,
        "mailable_contacts": 10_200,
    }
    found = values_of(list(rates), company(consents=consents, interactions=left), runner)
    assert {name: float(v.value) for name, v in found.items()} == pytest.approx(rates)  # type: ignore[arg-type]
    assert found["email_list_growth_rate"].value == pytest.approx(0.02)


def test_a_permission_counts_from_its_confirmation_until_it_ends(company: Company, runner: DuckdbRunner) -> None:
    consents = [
        consent("a", "2024-01-05"),
        consent("a", "2024-03-05"),  # said again: no second opt-in
        consent("b", "2024-03-06", method="double_opt_in_requested"),
        consent("c", "2024-03-06", method="double_opt_in_requested"),
        consent("c", "2024-03-07", method="double_opt_in"),
        consent("d", "2024-03-01", channel="phone"),
        consent("e", "2024-03-01", channel=None),
        consent("f", "2024-01-05"),
        consent("f", "2024-03-02", granted=False),
        consent("f", "2024-03-03"),
        consent("f", "2024-03-04", granted=False),
        consent("f", "2024-03-05"),  # in and out: once each
        consent("g", "2024-01-05"),
        consent("h", "2024-03-09", granted=False),  # never had any
    ]
    ends = [
        {"contact_id": "g", "type": "email_spam", "occurred_at": "2024-03-20"},
        {"contact_id": "h", "type": "unsubscribe", "occurred_at": "2024-03-20"},
    ]
    found = values_of([*CHANGES, "mailable_contacts"], company(consents=consents, interactions=ends), runner)
    assert {name: v.value for name, v in found.items()} == {
        "email_opt_ins": 3,  # c, e and f again
        "email_list_departures": 2,  # f, g
        "email_list_unsubscribes": 2,
        "email_list_bounced": 0,
        "mailable_contacts": 4,  # a, c, e, f
    }


def test_a_contact_on_two_lists_is_one_contact(company: Company, runner: DuckdbRunner) -> None:
    consents = [
        consent("a", "2024-02-01"),
        consent("a", "2024-03-01", purpose="offers"),  # mailable already
        consent("b", "2024-02-01"),
        consent("b", "2024-02-01", purpose="offers"),
        consent("b", "2024-03-02", granted=False, purpose="offers"),  # still on the other
        consent("c", "2024-02-01"),
        consent("c", "2024-02-01", purpose="offers"),
    ]
    ends = [{"contact_id": "c", "type": "unsubscribe", "occurred_at": "2024-03-20"}]
    snapshot = company(consents=consents, interactions=ends)
    found = values_of(["email_opt_ins", "email_list_departures", "mailable_contacts"], snapshot, runner)
    assert [v.value for v in found.values()] == [0, 1, 2]
    values = measure(list(found), snapshot, period=MARCH, as_of=NOW, runner=runner, by=["list"])
    assert {(v.metric, v.dimensions["list"]): v.value for v in values} == {
        ("email_opt_ins", "news"): 0,
        ("email_opt_ins", "offers"): 1,
        ("email_list_departures", "news"): 1,
        ("email_list_departures", "offers"): 2,
        ("mailable_contacts", "news"): 2,
        ("mailable_contacts", "offers"): 1,
    }


def test_a_list_that_began_with_nobody_has_no_growth_rate(company: Company, runner: DuckdbRunner) -> None:
    snapshot = company(consents=[consent("a", "2024-02-10"), consent("b", "2024-03-10")])
    february = values_of(
        ["email_list_growth_rate", "email_list_growth_rate_end"], snapshot, runner, Period.month(2024, 2)
    )
    assert february["email_list_growth_rate"].value is None
    assert february["email_list_growth_rate"].reason
    march = values_of(["email_list_growth_rate"], snapshot, runner)["email_list_growth_rate"]
    assert march.value == 1.0


def test_days_are_those_of_the_company(company: Company, runner: DuckdbRunner) -> None:
    """31 March 2024 has 23 hours in Stockholm: 21:59Z is its last minute but one, 22:00Z is April."""
    consents = [consent("z", "2024-01-01"), consent("a", "2024-03-31 21:59"), consent("b", "2024-03-31 22:00")]
    snapshot = company(consents=consents, time_zone="Europe/Stockholm")
    day = Period.day(MARCH.end.replace(month=3, day=31))
    assert values_of(["email_opt_ins"], snapshot, runner, day)["email_opt_ins"].value == 1


def test_the_rows_say_why_somebody_left(company: Company, runner: DuckdbRunner) -> None:
    members = [{"campaign_id": "c", "contact_id": "a", "added_at": "2024-01-01", "unsubscribed_at": "2024-03-04"}]
    consents = [
        consent("a", "2024-02-01"),
        consent("b", "2024-02-01"),
        consent("b", "2024-03-02", granted=False, method="cleaned"),
    ]
    snapshot = company(consents=consents, campaign_members=members)
    behind = runner.to_arrow(rows("email_list_departures", snapshot, period=MARCH, as_of=NOW)).to_pylist()
    assert {(row["contact_id"], row["why"]) for row in behind} == {("a", "unsubscribe"), ("b", "cleaned")}


def test_only_the_purposes_that_the_company_names_count(company: Company, runner: DuckdbRunner) -> None:
    consents = [consent("a", "2024-02-01", purpose="news"), consent("b", "2024-02-01", purpose="terms")]
    snapshot = company(consents=consents, settings={"email_purposes": ["news"]})
    assert values_of(["mailable_contacts"], snapshot, runner)["mailable_contacts"].value == 1


@pytest.mark.slow
@pytest.mark.parametrize("relation", [MAILABLE, LIST_CHANGES], ids=lambda r: r.name)
def test_the_rows_can_be_asked_of_spark(company: Company, relation) -> None:  # type: ignore[no-untyped-def]
    left = [{"contact_id": "a", "type": "unsubscribe", "occurred_at": "2024-03-20"}]
    windows = windows_of((MARCH,), time_zone="UTC", as_of=NOW)
    view = as_known(company(consents=[consent("a", "2024-02-01")], interactions=left), NOW)
    for wanted in (frozenset(), frozenset({"list_name"})):
        reading = Reading(view=view, windows=windows, needed_by="test", wanted=wanted)
        assert "SELECT" in ibis.to_sql(relation.rows(reading), dialect="pyspark")
