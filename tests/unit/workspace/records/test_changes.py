"""The one write path: rows, their history and the stages of deals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rapport.engine.errors import DataError
from rapport.workspace.crm.records import changes
from rapport.workspace.crm.records.models import Account, AttributeValue, Contact, Interaction
from rapport.workspace.crm.sales.models import Deal, DealStageVisit, Order
from rapport.workspace.team.models import User

pytestmark = pytest.mark.django_db

AT = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def write(table: str, *drafts: dict[str, object], at: datetime = AT) -> changes.Written:
    return changes.write(table, drafts, source="shop", by="import 1", at=at)


def history(record_id: str, attribute: str) -> list[tuple[str | None, datetime, datetime]]:
    entries = AttributeValue.objects.filter(entity_id=record_id, attribute=attribute).order_by("valid_from", "id")
    return [(e.value, e.valid_from, e.recorded_at) for e in entries]


class TestNewRecords:
    def test_leave_a_row_and_one_entry_for_each_changeable_value(self) -> None:
        written = write(
            "contacts", {"external_id": "7", "email": "ann@example.com", "birth_date": date(1990, 2, 3), "city": None}
        )
        contact = Contact.objects.get()
        assert (written.created, written.ids) == (1, [contact.id])
        assert (contact.source, contact.external_id, contact.email) == ("shop", "7", "ann@example.com")
        entries = AttributeValue.objects.filter(entity="contact", entity_id=contact.id)
        assert {(e.attribute, e.value) for e in entries} == {("email", "ann@example.com"), ("birth_date", "1990-02-03")}
        assert {(e.valid_from, e.recorded_at, e.changed_by) for e in entries} == {(AT, AT, "import 1")}

    def test_are_known_since_the_source_made_them_else_since_they_happened_else_since_the_import(self) -> None:
        made = datetime(2020, 1, 1, tzinfo=UTC)
        write("contacts", {"external_id": "1", "created_at": made}, {"external_id": "2"})
        write("orders", {"external_id": "1", "ordered_at": made})
        known = {c.external_id: (c.recorded_at, c.recorded_at_assumed) for c in Contact.objects.all()}
        assert known == {"1": (made, False), "2": (AT, True)}
        order = Order.objects.get()
        assert (order.recorded_at, order.recorded_at_assumed, order.created_at) == (made, True, None)

    def test_date_their_values_by_the_modified_time_of_the_source(self) -> None:
        modified = datetime(2024, 3, 1, tzinfo=UTC)
        record_id = write("accounts", {"name": "Acme", "modified_at": modified}).ids[0]
        assert history(record_id, "name") == [("Acme", modified, modified)]

    def test_date_a_won_deal_by_its_close(self) -> None:
        closed = datetime(2025, 4, 1, 8, tzinfo=UTC)
        record_id = write("deals", {"status": "won", "closed_at": closed, "amount": Decimal("12.5")}).ids[0]
        assert history(record_id, "status") == [("won", closed, closed)]
        assert history(record_id, "closed_at") == [("2025-04-01T08:00:00.000000+00:00", closed, closed)]
        assert history(record_id, "amount") == [("12.5", AT, AT)]
        assert Deal.objects.get().amount == Decimal("12.5")

    def test_without_a_required_value_are_refused_with_the_reason_and_the_others_written(self) -> None:
        written = write("orders", {"external_id": "1"}, {"external_id": "2", "ordered_at": AT})
        assert written.created == 1
        assert written.refused == [(0, "ordered_at is missing (when it was bought)")]
        assert written.ids[0] == ""

    def test_keep_custom_fields_as_text_with_a_history_of_their_own(self) -> None:
        record_id = write("accounts", {"name": "Acme", "properties": {"Plan": "gold", "Seats": 5, "Empty": None}}).ids[
            0
        ]
        assert Account.objects.get().properties == {"Plan": "gold", "Seats": "5"}
        assert history(record_id, "properties.Plan") == [("gold", AT, AT)]
        assert history(record_id, "properties.Seats") == [("5", AT, AT)]
        assert history(record_id, "properties") == []

    def test_of_users_cannot_sign_in(self) -> None:
        write("users", {"name": "Ann Owner"}, {"name": "Ann Owner", "email": "ann@example.com"})
        assert [(u.is_active, u.has_usable_password()) for u in User.objects.all()] == [(False, False)] * 2


class TestTheSameAgain:
    def test_changes_nothing(self) -> None:
        draft = {"external_id": "7", "email": "ann@example.com", "properties": {"Plan": "gold"}, "created_at": AT}
        write("contacts", draft)
        before = AttributeValue.objects.count()
        written = write("contacts", draft, at=LATER)
        assert (written.created, written.updated, written.unchanged) == (0, 0, 1)
        assert AttributeValue.objects.count() == before
        assert Contact.objects.count() == 1

    def test_with_a_changed_value_writes_that_value_and_one_entry(self) -> None:
        draft = {"external_id": "7", "email": "ann@example.com", "city": "Ulm", "properties": {"A": "1", "B": "2"}}
        record_id = write("contacts", draft).ids[0]
        count = AttributeValue.objects.count()
        changed = {**draft, "city": "Bonn", "properties": {"B": "3"}}
        assert write("contacts", changed, at=LATER).updated == 1
        assert history(record_id, "city") == [("Ulm", AT, AT), ("Bonn", LATER, LATER)]
        assert history(record_id, "properties.B") == [("2", AT, AT), ("3", LATER, LATER)]
        assert AttributeValue.objects.count() == count + 2
        contact = Contact.objects.get()
        assert (contact.city, contact.properties) == ("Bonn", {"A": "1", "B": "3"})

    def test_dates_a_later_value_never_before_the_one_it_replaces(self) -> None:
        record_id = write("contacts", {"external_id": "7", "city": "Ulm"}).ids[0]
        old = datetime(2020, 1, 1, tzinfo=UTC)
        write("contacts", {"external_id": "7", "city": "Bonn", "modified_at": old}, at=LATER)
        assert history(record_id, "city") == [("Ulm", AT, AT), ("Bonn", AT, AT)]
        newest = AttributeValue.objects.filter(attribute="city").order_by("-valid_from", "-recorded_at", "-id")[0]
        assert newest.value == "Bonn"

    def test_twice_in_one_batch_refuses_the_second(self) -> None:
        written = write("contacts", {"external_id": "7", "city": "Ulm"}, {"external_id": "7", "city": "Bonn"})
        assert (written.created, [position for position, _ in written.refused]) == (1, [1])

    def test_refuses_a_change_of_what_never_changes(self) -> None:
        write("orders", {"external_id": "1", "ordered_at": AT, "amount": Decimal(5)})
        written = write("orders", {"external_id": "1", "ordered_at": AT, "amount": Decimal(6)})
        assert "amount of a row of orders never changes" in written.refused[0][1]

    def test_fills_in_the_made_time_that_an_earlier_mention_did_not_know(self) -> None:
        write("accounts", {"external_id": "1", "name": "Acme"})
        made = datetime(2020, 1, 1, tzinfo=UTC)
        assert write("accounts", {"external_id": "1", "created_at": made}).updated == 1
        assert write("accounts", {"external_id": "1", "created_at": LATER}).unchanged == 1
        assert Account.objects.get().created_at == made


class TestFacts:
    DRAFT = {"external_id": "e1", "type": "page_view", "occurred_at": AT}

    def test_are_written_once_whatever_the_number_of_imports(self) -> None:
        assert write("interactions", self.DRAFT).created == 1
        assert write("interactions", self.DRAFT, at=LATER).unchanged == 1
        assert Interaction.objects.count() == 1
        assert AttributeValue.objects.count() == 0

    def test_with_the_same_id_and_other_content_are_refused(self) -> None:
        write("interactions", self.DRAFT)
        written = write("interactions", {**self.DRAFT, "type": "form_submit"})
        assert "type of a row of interactions never changes" in written.refused[0][1]

    def test_of_another_source_with_the_same_id_are_others(self) -> None:
        write("interactions", self.DRAFT)
        changes.write("interactions", [self.DRAFT], source="other", by="x", at=AT)
        assert Interaction.objects.count() == 2


class TestStages:
    def test_of_a_deal_are_kept_as_visits(self) -> None:
        deal_id = write("deals", {"external_id": "1", "stage": "Qualified", "amount": Decimal(10)}).ids[0]
        write("deals", {"external_id": "1", "stage": "Proposal", "amount": Decimal(12)}, at=LATER)
        visits = DealStageVisit.objects.filter(deal_id=deal_id).order_by("entered_at")
        assert [(v.stage, v.entered_at, v.left_at, v.amount) for v in visits] == [
            ("Qualified", AT, LATER, Decimal(10)),
            ("Proposal", LATER, None, Decimal(12)),
        ]
        assert history(visits[0].id, "left_at") == [("2026-06-01T12:00:00.000000+00:00", LATER, LATER)]

    def test_hold_from_when_the_draft_says(self) -> None:
        closed = datetime(2025, 4, 1, tzinfo=UTC)
        write("deals", {"stage": "Won", "dated": {"stage": closed}})
        assert DealStageVisit.objects.get().entered_at == closed

    def test_are_left_to_the_source_where_it_has_its_own(self) -> None:
        changes.write("deals", [{"stage": "Won"}], source="shop", by="x", at=AT, stage_visits=False)
        assert not DealStageVisit.objects.exists()


class TestSaving:
    def test_a_new_record_is_recorded_when_it_is_made(self) -> None:
        closed = datetime(2026, 4, 28, tzinfo=UTC)
        deal_id = changes.save("deals", None, {"name": "Big", "status": "won", "closed_at": closed}, by="ann", at=AT)
        assert history(deal_id, "status") == [("won", closed, AT)]
        assert Deal.objects.get().created_at == AT

    def test_a_change_leaves_an_entry_by_the_person(self) -> None:
        contact_id = changes.save("contacts", None, {"city": "Ulm"}, by="ann", at=AT)
        changes.save("contacts", contact_id, {"city": None}, by="bob", at=LATER)
        assert history(contact_id, "city") == [("Ulm", AT, AT), (None, LATER, LATER)]
        assert AttributeValue.objects.get(value=None).changed_by == "bob"

    def test_a_value_that_does_not_fit_says_why(self) -> None:
        with pytest.raises(DataError, match="status cannot be 'maybe'; allowed: open, won, lost"):
            changes.save("deals", None, {"status": "maybe"}, by="ann", at=AT)

    def test_an_unknown_record_is_refused(self) -> None:
        with pytest.raises(DataError, match="no such record"):
            changes.save("deals", "nowhere", {"name": "x"}, by="ann", at=AT)


class TestDeleting:
    def test_marks_the_record_and_its_history_and_can_be_taken_back(self) -> None:
        ids = write("contacts", {"external_id": "1"}, {"external_id": "2"}).ids
        assert changes.delete("contacts", ids, by="ann", at=LATER) == 2
        assert changes.delete("contacts", ids, by="ann", at=LATER) == 0
        assert history(ids[0], "deleted_at") == [("2026-06-01T12:00:00.000000+00:00", LATER, LATER)]
        assert changes.restore("contacts", ids[:1], by="ann", at=LATER) == 1
        assert [c.external_id for c in Contact.objects.filter(deleted_at=None)] == ["1"]

    def test_an_import_of_the_same_record_lets_it_stand_again(self) -> None:
        ids = write("contacts", {"external_id": "1", "city": "Ulm"}).ids
        changes.delete("contacts", ids, by="ann", at=AT)
        assert write("contacts", {"external_id": "1", "city": "Ulm"}, at=LATER).updated == 1
        assert Contact.objects.get().deleted_at is None


class TestMoreThanABatch:
    def test_is_written_in_several_transactions_and_counted_as_one(self) -> None:
        written = write("products", *({"sku": str(n), "list_price": Decimal("0.0001")} for n in range(2500)))
        assert (written.created, len(set(written.ids))) == (2500, 2500)
