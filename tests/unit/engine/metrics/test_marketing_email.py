"""Traps of e-mail metrics: one open per mail, machines, bounces, mails that have not had their days."""

from __future__ import annotations

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relations.mailings import MAIL_ANSWERS, MAILINGS
from rapport.engine.metrics.windows import windows_of
from tiny_company import Company, Row, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)


def mail(contact: str, type_: str, at: str, campaign: str | None = "c1", **more: object) -> Row:
    return {"contact_id": contact, "type": type_, "occurred_at": at, "campaign_id": campaign, **more}


def flagged(interaction: str, flag: str) -> Row:
    return {"interaction_id": interaction, "flag": flag, "value": True, "recorded_at": "2024-03-02"}


def values_of(
    metrics: list[str], snapshot: Snapshot, runner: DuckdbRunner, *, period: Period = MARCH, now: str = "2024-06-01"
) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(metrics, snapshot, period=period, as_of=utc(now), runner=runner)}


def parts(value: MetricValue) -> tuple[object, object]:
    return value.numerator, value.denominator


# p opened twice and clicked; q opened on day 8; r bounced; s was opened by a machine only; t clicked without an open
MAILS: tuple[Row, ...] = (
    mail("p", "email_sent", "2024-03-01 10:00"),
    mail("p", "email_open", "2024-03-01 11:00"),
    mail("p", "email_open", "2024-03-02 11:00"),
    mail("p", "email_click", "2024-03-02 11:01", url="https://a.example/offer"),
    mail("p", "email_click", "2024-03-02 11:02", url="https://a.example/offer"),
    mail("q", "email_sent", "2024-03-01 10:00"),
    mail("q", "email_open", "2024-03-08 10:00:01"),
    mail("r", "email_sent", "2024-03-01 10:00"),
    mail("r", "email_bounce", "2024-03-01 10:05", outcome="soft"),
    mail("s", "email_sent", "2024-03-01 10:00"),
    mail("s", "email_open", "2024-03-01 10:30", id="by_machine"),
    mail("t", "email_sent", "2024-03-01 10:00"),
    mail("t", "email_click", "2024-03-03 10:30", url="https://a.example/offer"),
)
FLAGS = (flagged("by_machine", "machine_open"),)


class TestRates:
    def test_of_mails_delivered_those_opened_and_clicked_by_people_in_7_days(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        snapshot = company(interactions=MAILS, interaction_flags=FLAGS)
        expected = {
            "email_open_rate": (1, 4),
            "email_open_rate_total": (2, 4),
            "email_open_rate_sent": (1, 5),
            "email_open_rate_with_machines": (2, 4),
            "email_click_rate": (2, 4),
            "email_click_rate_total": (3, 4),
            "email_click_rate_sent": (2, 5),
            "email_ctor": (2, 2),  # t clicked, so t has opened
            "email_ctor_told": (2, 1),
            "email_bounce_rate": (1, 5),
            "emails_sent": (5, None),
            "emails_delivered": (4, None),
            "emails_opened": (2, None),  # q's late open is an open of March
            "emails_clicked": (2, None),
            "email_open_rate_event": (2, 4),
        }
        found = values_of(list(expected), snapshot, runner)
        assert {name: parts(value) for name, value in found.items()} == expected
        assert found["email_ctor_told"].value == 2.0
        assert found["email_open_rate"].maturity == 1.0
        assert (found["email_open_rate"].lower, found["email_open_rate"].upper) == pytest.approx(
            (0.0456, 0.6994), abs=1e-4
        )

    def test_a_mail_that_has_not_had_its_days_is_told_as_immature(self, company: Company, runner: DuckdbRunner) -> None:
        mails = [
            mail("p", "email_sent", "2024-03-01 10:00"),
            mail("q", "email_sent", "2024-03-05 10:00"),
            mail("q", "email_open", "2024-03-05 11:00"),
        ]
        value = values_of(["email_open_rate"], company(interactions=mails), runner, now="2024-03-08 10:00")[
            "email_open_rate"
        ]
        assert parts(value) == (1, 2)
        assert value.maturity == 0.5
        assert "immature" in value.flags

    def test_without_mails_there_is_no_rate(self, company: Company, runner: DuckdbRunner) -> None:
        rates = ["email_open_rate", "email_click_rate", "email_ctor"]
        snapshot = company(interactions=MAILS)
        for value in values_of(rates, snapshot, runner, period=Period.month(2024, 4)).values():
            assert value.value is None
            assert value.reason == "No mails to count in this period."

    def test_nobody_opened_is_no_click_to_open_rate(self, company: Company, runner: DuckdbRunner) -> None:
        mails = [*MAILS, mail("z", "email_sent", "2024-04-01 10:00")]
        april = values_of(
            ["email_ctor", "email_open_rate"], company(interactions=mails), runner, period=Period.month(2024, 4)
        )
        assert april["email_ctor"].value is None
        assert april["email_open_rate"].value == 0

    def test_a_source_without_opens_says_so(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(interactions=[mail("p", "email_sent", "2024-03-01")])
        value = values_of(["email_open_rate"], snapshot, runner)["email_open_rate"]
        assert value.value is None
        assert value.reason == "There are no interactions of type email open."


class TestBelonging:
    def test_an_open_belongs_to_the_last_mail_of_its_campaign(self, company: Company, runner: DuckdbRunner) -> None:
        """One open after two mails of a campaign is one mail opened, not two; another campaign's stays unopened."""
        mails = [
            mail("p", "email_sent", "2024-03-01"),
            mail("p", "email_sent", "2024-03-03"),
            mail("p", "email_sent", "2024-03-04", campaign="c2"),
            mail("p", "email_sent", "2024-03-04", campaign=None),
            mail("p", "email_open", "2024-03-05"),
        ]
        values = measure(
            ["email_open_rate"], company(interactions=mails), period=MARCH, as_of=NOW, runner=runner, by=["campaign"]
        )
        assert {v.dimensions["campaign"]: parts(v) for v in values} == {"c1": (1, 2), "c2": (0, 1), None: (0, 1)}

    def test_a_message_id_goes_first(self, company: Company, runner: DuckdbRunner) -> None:
        mails = [
            mail("p", "email_sent", "2024-03-01", message_id="m1"),
            mail("p", "email_sent", "2024-03-01 12:00", message_id="m1"),  # told twice
            mail("p", "email_sent", "2024-03-03", message_id="m2"),
            mail("p", "email_open", "2024-03-04", campaign=None, message_id="m1"),
        ]
        value = values_of(["email_open_rate"], company(interactions=mails), runner)["email_open_rate"]
        assert parts(value) == (1, 2)

    def test_a_merged_person_is_one_recipient(self, company: Company, runner: DuckdbRunner) -> None:
        link = {"entity": "contact", "from_id": "old", "to_id": "p", "kind": "merge", "recorded_at": "2024-03-02"}
        mails = [mail("old", "email_sent", "2024-03-01"), mail("p", "email_open", "2024-03-03")]
        value = values_of(["email_open_rate"], company(interactions=mails, identity_links=[link]), runner)[
            "email_open_rate"
        ]
        assert parts(value) == (1, 1)

    def test_what_we_send_ourselves_is_no_mail(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            interactions=[*MAILS, mail("us", "email_sent", "2024-03-01", id="t1")],
            interaction_flags=[flagged("t1", "test")],
        )
        assert values_of(["emails_sent"], snapshot, runner)["emails_sent"].value == 5


class TestMachinesAndLinks:
    def test_scanners_and_service_links_are_no_clicks(self, company: Company, runner: DuckdbRunner) -> None:
        mails = [
            mail("p", "email_sent", "2024-03-01 10:00:00"),
            mail("p", "email_click", "2024-03-01 10:00:01", url="https://a.example/1"),
            mail("p", "email_click", "2024-03-01 10:00:01", url="https://a.example/2"),
            mail("q", "email_sent", "2024-03-01 10:00:00"),
            mail("q", "email_delivered", "2024-03-01 10:05:00"),
            mail("q", "email_click", "2024-03-01 10:05:01", url="https://a.example/1"),
            mail("r", "email_sent", "2024-03-01 10:00:00"),
            mail("r", "email_click", "2024-03-02", url="https://a.example/Unsubscribe?u=1"),
            mail("s", "email_sent", "2024-03-01 10:00:00"),
            mail("s", "email_click", "2024-03-01 10:00:02", url="https://a.example/1"),
        ]
        assert parts(values_of(["email_click_rate"], company(interactions=mails), runner)["email_click_rate"]) == (1, 4)

    def test_text_only_mails_cannot_tell_that_they_were_opened(self, company: Company, runner: DuckdbRunner) -> None:
        campaigns = [{"id": "c2", "created_at": "2024-01-01", "type": "plaintext"}]
        mails = [
            *MAILS,
            mail("p", "email_sent", "2024-03-20", campaign="c2"),
            mail("p", "email_click", "2024-03-21", campaign="c2"),
        ]
        found = values_of(
            ["email_open_rate", "email_click_rate"], company(interactions=mails, campaigns=campaigns), runner
        )
        assert found["email_open_rate"].denominator == 4
        assert parts(found["email_click_rate"]) == (3, 5)

    def test_a_later_delivery_takes_a_soft_bounce_back(self, company: Company, runner: DuckdbRunner) -> None:
        mails = [
            mail("p", "email_sent", "2024-03-01 10:00"),
            mail("p", "email_bounce", "2024-03-01 10:01"),
            mail("p", "email_delivered", "2024-03-01 12:00"),
            mail("q", "email_sent", "2024-03-01 10:00"),
            mail("q", "email_delivered", "2024-03-01 10:01"),
            mail("q", "email_bounce", "2024-03-01 12:00"),
        ]
        assert parts(values_of(["email_bounce_rate"], company(interactions=mails), runner)["email_bounce_rate"]) == (
            1,
            2,
        )

    def test_complaints_and_unsubscribes_of_the_mail(self, company: Company, runner: DuckdbRunner) -> None:
        mails = [
            *MAILS,
            mail("p", "unsubscribe", "2024-03-03"),
            mail("q", "email_spam", "2024-03-03"),
            mail("q", "unsubscribe", "2024-03-20"),  # too late to be this mail's doing
        ]
        found = values_of(["email_unsubscribe_rate", "email_complaint_rate"], company(interactions=mails), runner)
        assert parts(found["email_unsubscribe_rate"]) == (1, 4)
        assert parts(found["email_complaint_rate"]) == (1, 4)


def test_sources_that_tell_deliveries_only_are_read_by_a_setting(company: Company, runner: DuckdbRunner) -> None:
    mails = [
        mail("p", "email_delivered", "2024-03-01"),
        mail("p", "email_open", "2024-03-02"),
        mail("q", "email_sent", "2024-03-01"),
    ]
    snapshot = company(interactions=mails, settings={"mails_counted_from": "email_delivered"})
    assert parts(values_of(["email_open_rate"], snapshot, runner)["email_open_rate"]) == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("relation", [MAILINGS, MAIL_ANSWERS], ids=lambda r: r.name)
def test_the_rows_can_be_asked_of_spark(company: Company, relation) -> None:  # type: ignore[no-untyped-def]
    snapshot = company(interactions=MAILS, interaction_flags=FLAGS)
    reading = Reading(
        view=as_known(snapshot, NOW),
        windows=windows_of((MARCH,), time_zone="UTC", as_of=NOW),
        needed_by="test",
        wanted=frozenset({"opened_by_any", "is_html"}),
    )
    assert "SELECT" in ibis.to_sql(relation.rows(reading), dialect="pyspark")
