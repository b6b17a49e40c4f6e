"""Interactions are accepted once each, answered after their commit, and refused with a reason."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from rapport.workspace.crm.intake.accepting import MOST_AT_ONCE, Acceptor, accept
from rapport.workspace.crm.records.models import Account, Contact, IdentityLink, Interaction, TouchMark

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def ann(db: None) -> None:
    Contact.objects.create(id="ann")


def visit(**more: Any) -> dict[str, Any]:
    return {"contact_id": "ann", "type": "page_view", "occurred_at": AT, **more}


@pytest.mark.usefixtures("ann")
class TestOneByOne:
    def test_it_is_there_with_a_mark_when_it_is_answered(self) -> None:
        (answer,) = accept([visit(url_path="/pricing", properties={"step": 2})], source="web")
        row = Interaction.objects.get(pk=answer.id)
        assert (row.contact_id, row.source, row.url_path, row.properties) == ("ann", "web", "/pricing", {"step": "2"})
        assert TouchMark.objects.values_list("contact_id", "wide").get() == ("ann", False)

    def test_it_is_known_from_now_on_however_late_it_is_told(self) -> None:
        (answer,) = accept([visit()], source="web")
        row = Interaction.objects.get(pk=answer.id)
        assert row.occurred_at == AT < row.recorded_at
        assert row.recorded_at_assumed is False

    def test_delivered_again_it_is_known_and_nobody_is_marked(self) -> None:
        first = accept([visit(message_id="m1")], source="web")
        TouchMark.objects.all().delete()
        again = accept([visit(message_id="m1")], source="web")
        assert (again[0].id, again[0].known, again[0].refused) == (first[0].id, True, "")
        assert Interaction.objects.count() == 1
        assert not TouchMark.objects.exists()

    def test_twice_in_one_call_it_is_one(self) -> None:
        first, second = accept([visit(message_id="m1"), visit(message_id="m1")], source="web")
        assert (first.id, first.known, second.known) == (second.id, False, True)
        assert Interaction.objects.count() == 1

    def test_the_same_name_in_another_source_is_another(self) -> None:
        accept([visit(external_id="1")], source="web")
        accept([visit(external_id="1")], source="mail")
        assert Interaction.objects.count() == 2

    def test_without_a_name_each_is_another(self) -> None:
        accept([visit(), visit()], source="web")
        assert Interaction.objects.count() == 2

    def test_others_are_accepted_beside_one_that_is_refused(self) -> None:
        drafts = [visit(), {"contact_id": "ann", "occurred_at": AT}, visit(colour="red"), visit(contact_id="nobody")]
        answers = accept(drafts, source="web")
        assert [a.refused.partition(" (")[0] for a in answers] == [
            "",
            "type is missing",
            "interactions has no column colour",
            "contact_id names no contact",
        ]
        assert Interaction.objects.count() == 1

    def test_a_contact_that_gave_way_is_no_stranger(self) -> None:
        IdentityLink.objects.create(entity="contact", from_id="old", to_id="ann", kind="merge")
        assert accept([visit(contact_id="old")], source="web")[0].refused == ""

    def test_a_visitor_and_an_account_are_taken_too(self) -> None:
        Account.objects.create(id="acme")
        for who in ({"anonymous_id": "v"}, {"account_id": "acme"}):
            assert accept([visit(contact_id=None, **who)], source="web")[0].refused == ""
        assert set(TouchMark.objects.values_list("contact_id", "account_id")) == {("v", None), (None, "acme")}

    def test_one_that_is_dated_later_is_due_later(self) -> None:
        later = datetime.now(UTC) + timedelta(hours=2)
        accept([visit(occurred_at=later)], source="web")
        assert TouchMark.objects.get().due_at == later

    def test_too_many_at_once_are_refused(self) -> None:
        with pytest.raises(ValueError, match="1,001 interactions at once"):
            accept([visit()] * (MOST_AT_ONCE + 1), source="web")


@pytest.mark.django_db(transaction=True)
def test_callers_who_come_together_share_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    Contact.objects.create(id="ann")
    acceptor, commits, gate = Acceptor(), [], threading.Event()
    write = Acceptor._write

    def slow(self: Acceptor, calls: list[Any]) -> None:
        assert gate.wait(120)  # the first waits until all have come
        commits.append(len(calls))
        write(self, calls)

    monkeypatch.setattr(Acceptor, "_write", slow)
    answers: list[str] = []

    def call(number: int) -> None:
        try:
            answers.append(acceptor.accept([visit(message_id=f"m{number}")], source="web")[0].id)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while len(acceptor._waiting) < 7 and time.monotonic() < until:
        time.sleep(0.005)
    gate.set()
    for thread in threads:
        thread.join()
    assert sorted(commits) == [1, 7]
    assert Interaction.objects.filter(pk__in=answers).count() == 8


@pytest.mark.django_db(transaction=True)
def test_everybody_who_shared_a_commit_that_failed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("rapport.workspace.crm.intake.accepting.write_batch", broken)
    with pytest.raises(RuntimeError, match="disk full"):
        Acceptor().accept([{"type": "page_view", "occurred_at": AT, "anonymous_id": "v"}], source="web")
    assert not Interaction.objects.exists()
