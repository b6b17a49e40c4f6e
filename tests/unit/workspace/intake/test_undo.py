"""Undoing imports, and taking refused rows after all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rapport.engine.errors import DataError
from rapport.workspace.crm.intake.models import Import, State
from rapport.workspace.crm.intake.quarantine import admit
from rapport.workspace.crm.intake.service import import_file
from rapport.workspace.crm.intake.undo import undo_import
from rapport.workspace.crm.lake.models import LakeWithdrawal
from rapport.workspace.crm.records import changes
from rapport.workspace.crm.records.models import Account, AttributeValue, Contact, Interaction
from rapport.workspace.crm.sales.models import Deal, DealStageVisit, Order, OrderLine

File = Callable[..., Path]
pytestmark = pytest.mark.django_db

AT = datetime(2026, 5, 1, tzinfo=UTC)
LATER = datetime(2026, 5, 2, tzinfo=UTC)
UNDONE = datetime(2026, 5, 3, tzinfo=UTC)


def bring(path: Path, *, at: datetime = AT) -> str:
    return import_file(path, source="hubspot", at=at).import_id


def undo(import_id: str) -> dict[str, int]:
    return undo_import(import_id, lambda *_: None, at=UNDONE)


class TestUndo:
    def test_deletes_what_was_made_and_says_so_in_its_history(self, file: File) -> None:
        made = bring(file("contacts.csv", "Record ID,Email,Company Name", "1,ann@example.com,Acme"))
        assert undo(made) == {"deleted": 2, "restored": 0, "left": 0}
        assert Contact.objects.get().deleted_at == Account.objects.get().deleted_at == UNDONE
        entry = AttributeValue.objects.get(entity="contact", attribute="deleted_at")
        assert (entry.valid_from, entry.recorded_at, entry.changed_by) == (UNDONE, UNDONE, f"undo of import {made}")
        assert Import.objects.get().state == State.UNDONE

    def test_gives_changed_values_back_by_new_history(self, file: File) -> None:
        header = "Record ID,Email,City,Colour"
        bring(file("contacts.csv", header, "1,ann@example.com,Ulm,blue"))
        changed = bring(file("contacts.csv", header, "1,ann@example.com,Bonn,red"), at=LATER)
        assert undo(changed) == {"deleted": 0, "restored": 1, "left": 0}
        contact = Contact.objects.get()
        assert (contact.city, contact.properties) == ("Ulm", {"Colour": "blue"})
        entries = AttributeValue.objects.filter(attribute="city").order_by("valid_from")
        assert [(e.value, e.valid_from) for e in entries] == [("Ulm", AT), ("Bonn", LATER), ("Ulm", UNDONE)]

    def test_leaves_what_people_changed_since(self, file: File) -> None:
        header = "Record ID,Email,City,Country"
        bring(file("contacts.csv", header, "1,ann@example.com,Ulm,DE"))
        changed = bring(file("contacts.csv", header, "1,ann@example.com,Bonn,AT", "2,bo@example.com,Graz,AT"), at=LATER)
        ann, bo = Contact.objects.order_by("external_id")
        changes.save("contacts", ann.id, {"city": "Kiel"}, by="sally", at=LATER)
        changes.save("contacts", bo.id, {"city": "Linz"}, by="sally", at=LATER)
        assert undo(changed) == {"deleted": 0, "restored": 0, "left": 2}
        ann.refresh_from_db()
        bo.refresh_from_db()
        assert (ann.city, ann.country, bo.deleted_at) == ("Kiel", "DE", None)
        reasons = {c.record_id: c.reason for c in Import.objects.get(pk=changed).changes.all()}
        assert reasons == {ann.id: "changed since: city", bo.id: "changed since by sally"}

    def test_takes_facts_back_whether_the_lake_has_seen_them_or_not(self, file: File) -> None:
        made = bring(
            file(
                "events.csv",
                "Event ID,Event,Timestamp",
                "e1,page_view,2024-01-05T10:00:00Z",
                "e2,page_view,2024-01-05T11:00:00Z",
            )
        )
        Interaction.objects.filter(external_id="e2").update(batch=1)
        assert undo(made)["deleted"] == 2
        assert not Interaction.objects.exists()
        assert LakeWithdrawal.objects.count() == 1

    def test_leaves_an_account_that_records_of_another_import_belong_to(self, file: File) -> None:
        made = bring(
            file("contacts.csv", "Record ID,Email,Company Name", "1,ann@example.com,Acme", "2,bo@example.com,Bolt")
        )
        bring(file("deals.csv", "Deal ID,Deal Name,Account Name", "1,Big,acme"))
        assert undo(made) == {"deleted": 3, "restored": 0, "left": 1}
        assert [a.name for a in Account.objects.filter(deleted_at=None)] == ["Acme"]
        assert Import.objects.get(pk=made).changes.get(undone=False).reason == "deals that stand refer to it"

    def test_ends_the_stays_of_deals_in_stages(self, file: File) -> None:
        made = bring(file("deals.csv", "Deal ID,Deal Name,Deal Stage", "1,Big,Talks"))
        undo(made)
        assert (Deal.objects.get().deleted_at, DealStageVisit.objects.get().deleted_at) == (UNDONE, UNDONE)

    def test_can_be_followed_by_the_same_import(self, file: File) -> None:
        path = file("contacts.csv", "Record ID,Email", "1,ann@example.com")
        undo(bring(path))
        assert import_file(path, source="hubspot", at=UNDONE).counts["updated"] == 1
        assert Contact.objects.get().deleted_at is None

    def test_goes_on_where_it_stopped(self, file: File) -> None:
        made = bring(file("contacts.csv", "Record ID,Email", *(f"{n},p{n}@example.com" for n in range(1500))))

        def stop(done: int, total: int | None, message: str) -> None:
            raise InterruptedError

        with pytest.raises(InterruptedError):
            undo_import(made, stop, at=UNDONE)
        assert Contact.objects.filter(deleted_at=None).count() == 500
        assert undo(made) == {"deleted": 1500, "restored": 0, "left": 0}
        assert AttributeValue.objects.filter(attribute="deleted_at").count() == 1500

    def test_is_refused_while_the_import_runs(self, file: File) -> None:
        made = bring(file("contacts.csv", "Record ID,Email", "1,ann@example.com"))
        Import.objects.update(state=State.RUNNING)
        with pytest.raises(DataError, match="only an import that has ended"):
            undo(made)

    def test_that_came_through_changes_nothing_when_its_worker_is_replaced(self, file: File) -> None:
        made = bring(file("contacts.csv", "Record ID,Email", "1,ann@example.com"))
        assert undo(made) == undo(made) == {"deleted": 1, "restored": 0, "left": 0}
        assert AttributeValue.objects.filter(attribute="deleted_at").count() == 1


class TestQuarantine:
    def test_takes_a_mended_row(self, file: File) -> None:
        made = bring(file("contacts.csv", "Record ID,Email", "1,ann", "2,bo@example.com"))
        assert admit(made, {2: ["1", "ann@example.com"]})["new"] == 1
        assert set(Contact.objects.values_list("email", flat=True)) == {"ann@example.com", "bo@example.com"}
        found = Import.objects.get()
        assert (found.counts["new"], found.counts["error"]) == (2, 0)
        assert found.verdicts.get().admitted
        assert undo(made)["deleted"] == 2

    def test_keeps_a_row_that_is_refused_again_with_its_new_reason(self, file: File) -> None:
        made = bring(file("contacts.csv", "Record ID,Email", "1,ann"))
        assert admit(made, {2: ["1", "ann@"]})["error"] == 1
        verdict = Import.objects.get().verdicts.get()
        assert (verdict.admitted, verdict.reason) == (False, "Email: 'ann@' is no e-mail address")
        assert verdict.original == ["1", "ann@"]

    def test_takes_rows_as_they_are_once_what_they_name_is_there(self, file: File) -> None:
        lines = bring(file("order_lines.csv", "Order ID,SKU,Quantity", "o1,s1,2", "o2,s1,1"))
        bring(file("orders.csv", "Order ID,Order Date", "o1,2024-01-05"))
        assert {k: v for k, v in admit(lines).items() if v} == {"new": 1, "error": 1}
        assert OrderLine.objects.get().order_id == Order.objects.get().id
        assert {k: v for k, v in admit(lines).items() if v} == {"error": 1}
