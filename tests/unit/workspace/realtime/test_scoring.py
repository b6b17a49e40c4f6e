"""What is accepted is scored at once, as a full run would score it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.scores.kinds import KINDS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.records.changes import delete, save, write
from rapport.workspace.crm.records.models import TouchMark
from rapport.workspace.scores.definitions import create_draft, live, parsed
from rapport.workspace.scores.explanations import explain
from rapport.workspace.scores.models import CurrentScore, ScoreValue
from rapport.workspace.scores.realtime.live import LiveScore, Now
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import READ_TABLES, last_run, population_of, run_score
from rapport.workspace.scores.scored import Scored, scored_rows
from unit.workspace.realtime.conftest import BRIEF, INTEREST, NOW, Company

COMPARED = ("value", "fit", "engagement", "matrix", "band", "percentile", "reason_null")
BY_SECTOR = """
name: interest
subject: contact
kind: points
range: [0, 1000]
groups:
  all:
    type: fit
    criteria:
      - {name: sector, points: {value: account.industry, map: {software: 5}, otherwise: 0}}
"""
BY_ACCOUNT = """
name: accounts
subject: account
kind: points
range: [0, 1000]
bands: [{label: A, from: 60}, {label: C, from: 0}]
groups:
  all:
    type: engagement
    decay: {half_life_days: 10}
    criteria:
      - {name: visit, points: 10, per: {event: page_view}}
      - {name: sector, points: {value: account.industry, map: {software: 5}, otherwise: 0}}
"""


def everybody(name: str, at: datetime) -> dict[str, Scored]:
    """As a full run would score everybody at an instant, in the population in force."""
    version = live(name)
    assert version is not None
    definition = parsed(version)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        run = population_of(last_run(name))
        rows = KINDS[definition.kind].score(definition, as_known(snapshot, at), runner=runner, run=run)
        return {row.subject_id: row for row in scored_rows(runner.to_arrow(rows))}


def kept(name: str) -> dict[str, CurrentScore]:
    return {row.subject_id: row for row in CurrentScore.objects.filter(score=name)}


def told(rows: dict[str, Any]) -> dict[str, tuple[object, ...]]:
    return {subject: tuple(getattr(row, name) for name in COMPARED) for subject, row in rows.items()}


class TestOneInteraction:
    def test_the_score_follows_with_history_and_trend(self, company: Company) -> None:
        company.contact("ann")
        company.contact("bob")
        company.happens("ann", ago=timedelta(days=8))
        TouchMark.objects.all().delete()
        company.live()
        assert company.score("ann").value == Decimal("5.743492")  # 10 x 2^(-8/10)
        company.now += timedelta(seconds=5)
        company.happens("ann")
        batch = company.turn()
        assert (batch.marks, batch.subjects, batch.changed) == (1, 1, 1)
        ann = company.score("ann")
        assert ann.value == Decimal("15.743492")
        assert (ann.band, ann.trend, ann.as_of) == ("C", "rising", company.now)
        assert [(v.cause, v.value) for v in ScoreValue.objects.filter(subject_id="ann").order_by("as_of")] == [
            ("first", Decimal("5.743492")),
            ("interaction", Decimal("15.743492")),
        ]
        assert company.score("bob").as_of == NOW
        assert not TouchMark.objects.exists()

    def test_a_score_that_stays_is_not_written(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        company.live()
        company.now += timedelta(seconds=5)
        company.happens("ann", "note")
        assert company.turn().changed == 0
        assert ScoreValue.objects.count() == 1

    def test_a_fact_dated_later_is_scored_when_its_time_has_come(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        company.live()
        company.turn()
        company.happens("ann", "meeting", ago=-timedelta(minutes=10))
        assert company.turn().marks == 0
        company.now += timedelta(minutes=10)
        assert company.turn().changed == 1
        assert company.score("ann").value == Decimal(30)

    def test_reasons_are_those_of_the_newest_score(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        company.live()
        company.now += timedelta(hours=1)
        company.happens("ann", "meeting")
        company.turn()
        assert explain("interest", ["ann"])["ann"].value == company.score("ann").value == Decimal(30)

    def test_a_new_contact_is_scored_at_the_first_interaction(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        company.live()
        company.contact("zoe")
        company.happens("zoe", "meeting")
        company.turn()
        assert company.score("zoe").value == Decimal(30)


class TestOtherChanges:
    def test_a_flag_takes_points_away_again(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        answer = company.happens("ann", "meeting")
        company.live()
        assert company.score("ann").value == Decimal(30)
        company.now += timedelta(minutes=1)
        draft = {"interaction_id": answer.id, "flag": "bot", "value": True, "recorded_at": company.now}
        write("interaction_flags", [draft], source="bots", by="test", at=company.now)
        company.turn()
        assert company.score("ann").value == Decimal(0)

    def test_an_account_that_changes_its_sector_moves_its_contacts(self, company: Company) -> None:
        company.account("acme", industry="retail")
        company.contact("ann", account="acme")
        company.happens("ann", "note")
        company.live(BY_SECTOR)
        company.now += timedelta(minutes=1)
        save("accounts", "acme", {"industry": "software"}, by="test", at=company.now)
        company.turn()
        assert company.score("ann").value == Decimal(5)

    def test_a_contact_that_is_merged_goes_and_its_interactions_count_for_the_other(self, company: Company) -> None:
        company.contact("ann")
        company.contact("ann2")
        company.happens("ann2", "meeting")
        company.live()
        company.now += timedelta(minutes=1)
        link = {"entity": "contact", "from_id": "ann2", "to_id": "ann", "kind": "merge", "recorded_at": company.now}
        write("identity_links", [link], source="people", by="test", at=company.now)
        company.turn()
        assert company.score("ann").value == Decimal(30)
        assert not CurrentScore.objects.filter(subject_id="ann2").exists()
        company.now += timedelta(minutes=1)
        company.happens("ann2")
        company.turn()
        assert company.score("ann").value == Decimal(40)

    def test_a_visitor_who_turns_out_to_be_a_contact_brings_what_was_done_before(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        company.live()
        company.happens(None, "meeting", anonymous_id="visitor")
        company.turn()
        assert company.score("ann").value == Decimal(0)
        link = {"entity": "contact", "from_id": "visitor", "to_id": "ann", "kind": "identify"}
        write("identity_links", [{**link, "recorded_at": company.now}], source="web", by="test", at=company.now)
        company.turn()
        assert company.score("ann").value == Decimal(30)

    def test_a_contact_that_is_deleted_is_scored_no_more(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "meeting")
        company.live()
        company.now += timedelta(minutes=1)
        delete("contacts", ["ann"], by="test", at=company.now)
        company.turn()
        assert not CurrentScore.objects.exists()


RFM = """
name: rfm
subject: contact
kind: rfm
range: [0, 100]
"""


def test_a_kind_that_ranks_customers_uses_the_cut_points_in_force(company: Company) -> None:
    def buys(who: str, amount: int, days: int) -> None:
        at = company.now - timedelta(days=days)
        draft = {"contact_id": who, "amount": Decimal(amount), "ordered_at": at, "recorded_at": company.now}
        write("orders", [draft], source="shop", by="test", at=company.now)

    for n, name in enumerate(("ann", "bob", "cid")):
        company.contact(name)
        buys(name, 10 + 10 * n, 30 + n)
    company.live(RFM)
    company.turn()
    company.now += timedelta(minutes=5)
    buys("ann", 500, 0)
    assert company.turn().changed == 1
    assert told(kept("rfm")) == told(everybody("rfm", company.now))


def test_a_score_that_fails_does_not_hold_up_the_others(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.contact("ann")
    company.happens("ann", "note")
    company.live()
    company.live(BY_SECTOR.replace("name: interest", "name: broken"))
    rows = LiveScore.rows

    def broken(self: LiveScore, position: int, now: Now) -> pa.Table:
        if self.name == "broken":
            raise RuntimeError("out of order")
        return rows(self, position, now)

    monkeypatch.setattr(LiveScore, "rows", broken)
    company.now += timedelta(minutes=1)
    company.happens("ann", "meeting")
    company.turn()
    assert company.score("ann").value == Decimal(30)
    assert company.score("ann", "broken").as_of == NOW
    assert not TouchMark.objects.exists()


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_random_streams_one_by_one_give_what_one_run_over_all_gives(company: Company, seed: int) -> None:
    """Late, out of order, delivered twice; two scores of two kinds of subject."""
    r = random.Random(seed)
    company.account("acme", industry="software")
    company.account("shop", industry="retail")
    people = [f"p{n}" for n in range(6)]
    for n, name in enumerate(people):
        company.contact(name, account=("acme", "shop", None)[n % 3], title=("Head of X", "clerk", None)[n % 3])
        company.happens(name, ago=timedelta(days=r.randrange(30)))
    TouchMark.objects.all().delete()
    company.live(INTEREST)
    company.live(BY_ACCOUNT)
    said: list[dict[str, Any]] = []
    for _ in range(12):
        company.now += timedelta(minutes=r.randrange(1, 20))
        for _ in range(r.randrange(1, 4)):
            if said and r.random() < 0.2:
                company.happens(**r.choice(said))
                continue
            said.append(
                {
                    "contact": r.choice(people),
                    "kind": r.choice(["page_view", "page_view", "meeting", "email_click"]),
                    "ago": timedelta(hours=r.choice([0, 0, 1, 30, 200, 500])),
                    "url_path": r.choice(["/pricing", "/careers", "/", None]),
                    "message_id": f"m{len(said)}",
                }
            )
            company.happens(**said[-1])
        company.turn()
    for name in ("interest", "accounts"):
        assert told(kept(name)) == told(everybody(name, company.now))


class TestBesideAFullRun:
    def test_what_was_scored_meanwhile_is_not_overwritten_but_ranked_anew(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        company.contact("bob")
        company.live()
        began = company.now
        company.happens("bob", "meeting")
        company.now += timedelta(minutes=5)
        company.happens("ann", "meeting")
        company.turn()
        before = company.score("ann").percentile
        run_score("interest", as_of=began + timedelta(minutes=1))  # began before the meeting, ends after it
        assert company.score("ann").value == Decimal(30)
        assert set(TouchMark.objects.values_list("contact_id", flat=True)) == {"ann", "bob"}
        company.turn()
        assert company.score("ann").percentile != before
        assert told(kept("interest")) == told(everybody("interest", company.now))

    def test_a_version_without_a_run_waits_for_its_first(self, company: Company) -> None:
        company.contact("ann")
        company.happens("ann", "note")
        company.live()
        draft = create_draft(document=BRIEF.replace("points: 30, once", "points: 40, once"), by="test")
        publish(draft, by="test", reason="test", override="test")
        company.happens("ann", "meeting")
        assert company.turn().subjects == 0
        company.now += timedelta(minutes=1)
        run_score("interest", as_of=company.now)
        assert company.score("ann").value == Decimal(40)
