"""Files become records: verdicts, references, dry run, re-import, resuming."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rapport.engine.errors import DefinitionError
from rapport.workspace.crm.intake import importing
from rapport.workspace.crm.intake.mapping.settle import AmbiguousDatesError
from rapport.workspace.crm.intake.models import Import, State
from rapport.workspace.crm.intake.service import Imported, import_file, remember_mapping
from rapport.workspace.crm.records.models import Account, AttributeValue, Contact, Interaction
from rapport.workspace.crm.sales.models import Deal, DealStageVisit, Order, OrderLine, Product
from rapport.workspace.team.models import User

File = Callable[..., Path]
pytestmark = pytest.mark.django_db

AT = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)


def bring(path: Path, **how: Any) -> Imported:
    return import_file(path, **{"source": "hubspot", "at": AT, **how})


def counts(imported: Imported) -> dict[str, int]:
    return {verdict: count for verdict, count in imported.counts.items() if count}


CONTACTS = (
    "Record ID,First Name,Last Name,Email,Company Name,Contact owner,Lifecycle Stage,Create Date,Favourite",
    "1,Ann,Lee,ANN@example.com,Acme,Sally Seller,Marketing Qualified Lead,2024-03-12 09:14,blue",
    "2,Bo,Day,bo@example.com,ACME,Sally Seller,Customer,2024-03-13 10:00,",
)


class TestContacts:
    def test_come_with_their_account_owner_and_custom_fields(self, file: File) -> None:
        imported = bring(file("contacts.csv", *CONTACTS))
        assert (imported.table, counts(imported)) == ("contacts", {"new": 2})
        ann, bo = Contact.objects.order_by("external_id")
        assert (ann.email, ann.first_name, ann.lifecycle_stage) == ("ann@example.com", "Ann", "mql")
        assert ann.created_at == ann.recorded_at == datetime(2024, 3, 12, 9, 14, tzinfo=UTC)
        assert (ann.properties, bo.properties) == ({"Favourite": "blue"}, None)
        account, owner = Account.objects.get(), User.objects.get()
        assert ann.account_id == bo.account_id == account.id
        assert ann.owner_id == bo.owner_id == owner.id
        assert (account.name, owner.name, owner.is_active) == ("Acme", "Sally Seller", False)

    def test_that_name_an_account_make_it_known_since_the_earliest_of_them(self, file: File) -> None:
        bring(file("contacts.csv", CONTACTS[0], CONTACTS[2], CONTACTS[1]))
        account = Account.objects.get()
        assert account.recorded_at == datetime(2024, 3, 12, 9, 14, tzinfo=UTC)
        assert (account.recorded_at_assumed, account.created_at) == (True, None)

    def test_imported_again_change_nothing(self, file: File) -> None:
        path = file("contacts.csv", *CONTACTS)
        bring(path)
        entries = AttributeValue.objects.count()
        assert counts(bring(path, at=None)) == {"unchanged": 2}
        assert (AttributeValue.objects.count(), Account.objects.count(), User.objects.count()) == (entries, 1, 1)

    def test_without_ids_are_known_by_their_address(self, file: File) -> None:
        bring(file("a.csv", "Email,City", "ann@example.com,Ulm"), table="contacts")
        again = bring(file("b.csv", "E-mail,City", "Ann@Example.com,Bonn"), table="contacts")
        assert counts(again) == {"updated": 1}
        assert Contact.objects.get().city == "Bonn"

    def test_without_id_or_address_are_known_by_all_they_say(self, file: File) -> None:
        path = file("contacts.csv", "First Name,Last Name,City", "Ann,Lee,Ulm", "Ann,Lee,Bonn")
        assert counts(bring(path, table="contacts")) == {"new": 2}
        assert counts(bring(path, table="contacts")) == {"unchanged": 2}

    def test_leave_values_alone_where_the_file_has_none(self, file: File) -> None:
        bring(file("contacts.csv", "Record ID,Email,City", "1,ann@example.com,Ulm"))
        assert counts(bring(file("contacts.csv", "Record ID,Email,City", "1,ann@example.com,"))) == {"unchanged": 1}

    def test_with_a_full_name_have_two(self, file: File) -> None:
        bring(file("contacts.csv", "Person - Name,Person - Email", "Ann Mary Lee,ann@example.com"))
        assert (Contact.objects.get().first_name, Contact.objects.get().last_name) == ("Ann Mary", "Lee")


class TestVerdicts:
    def test_tell_duplicates_of_rows_and_of_records(self, file: File) -> None:
        bring(file("contacts.csv", "Record ID,Email", "1,ann@example.com"))
        path = file(
            "contacts.csv",
            "Record ID,Email",
            "2,bo@example.com",
            "2,cy@example.com",
            "3,ann@example.com",
            "4,bo@example.com",
        )
        imported = bring(path)
        assert counts(imported) == {"new": 1, "duplicate": 3}
        kept = Import.objects.get(pk=imported.import_id).verdicts.order_by("row")
        assert [(v.row, v.first_row, v.record_id) for v in kept] == [
            (3, 2, ""), (4, None, Contact.objects.get(external_id="1").id), (5, 2, ""),
        ]  # fmt: skip

    def test_find_duplicates_far_apart_in_the_file(self, file: File) -> None:
        rows = [f"{n},p{n}@example.com" for n in range(2500)]
        imported = bring(file("contacts.csv", "Record ID,Email", *rows, "5,other@example.com"))
        assert counts(imported) == {"new": 2500, "duplicate": 1}

    def test_tell_why_a_row_is_refused_and_keep_what_it_said(self, file: File) -> None:
        imported = bring(
            file("contacts.csv", "Record ID,Email,Create Date", "1,not an address,2024-01-01", "2,a@b.co,soon")
        )
        assert imported.problems == [
            (2, "Email: 'not an address' is no e-mail address"),
            (3, "Create Date: 'soon' is no date in a style that is known"),
        ]
        verdict = Import.objects.get(pk=imported.import_id).verdicts.get(row=2)
        assert verdict.original == ["1", "not an address", "2024-01-01"]
        assert not Contact.objects.exists()

    @pytest.mark.parametrize("value", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)"])
    def test_take_formulas_as_text(self, file: File, value: str) -> None:
        bring(file("contacts.csv", "Record ID,Last Name", f"1,{value}"))
        assert Contact.objects.get().last_name == value

    def test_refuse_nul_characters_and_values_longer_than_their_column(self, file: File) -> None:
        data = b"Record ID,Last Name\n1,a\x00b\n2," + b"x" * 300 + b"\n3,fine\n"
        imported = bring(file("contacts.csv", data=data), table="contacts")
        assert counts(imported) == {"new": 1, "error": 2}
        assert imported.problems[0] == (2, "last_name holds a NUL character")
        assert imported.problems[1] == (3, "last_name has 300 characters, at most 255 fit")

    def test_keep_a_word_that_is_no_choice_as_a_custom_field(self, file: File) -> None:
        bring(file("deals.csv", "Deal ID,Deal Name,Deal Type", "1,Big,Moonshot"))
        deal = Deal.objects.get()
        assert (deal.type, deal.properties) == (None, {"type": "Moonshot"})

    def test_of_a_file_with_a_header_only_are_none(self, file: File) -> None:
        assert counts(bring(file("contacts.csv", "Record ID,Email"))) == {}


class TestDryRun:
    def test_tells_the_same_and_writes_nothing(self, file: File) -> None:
        lines = (*CONTACTS, "3,Cy,Orr,cy,Acme,,lead,2024-03-12,", "1,Again,Lee,,,,,,")
        dry = bring(file("contacts.csv", *lines), dry_run=True)
        assert counts(dry) == {"new": 2, "error": 1, "duplicate": 1}
        assert not Contact.objects.exists()
        assert not Account.objects.exists()
        assert not User.objects.exists()
        assert not AttributeValue.objects.exists()
        assert counts(bring(file("contacts.csv", *lines))) == counts(dry)

    def test_keeps_verdicts_to_look_at(self, file: File) -> None:
        dry = bring(file("contacts.csv", *CONTACTS), dry_run=True)
        found = Import.objects.get(pk=dry.import_id)
        assert [(v.row, v.verdict) for v in found.verdicts.filter(of_check=True)] == [(2, "new"), (3, "new")]
        assert found.state == State.CHECKED


class TestDeals:
    def test_are_won_lost_or_open_by_their_stage(self, file: File) -> None:
        path = file(
            "deals.csv",
            "Deal ID,Deal Name,Deal Stage,Amount,Close Date,Deal owner",
            '1,A,Closed Won,"$1,200.50",2024-03-01,Sally',
            "2,B,Closed Lost,100,2024-03-02,Sally",
            "3,C,Negotiation,50,2026-09-30,Sally",
        )
        assert counts(bring(path)) == {"new": 3}
        won, lost, standing = Deal.objects.order_by("external_id")
        closed = datetime(2024, 3, 1, tzinfo=UTC)
        assert (won.status, won.closed_at, won.expected_close_date, won.amount) == (
            "won",
            closed,
            None,
            Decimal("1200.5"),
        )
        assert (lost.status, standing.status) == ("lost", "open")
        assert (standing.closed_at, standing.expected_close_date) == (None, date(2026, 9, 30))
        entry = AttributeValue.objects.get(entity_id=won.id, attribute="status")
        assert (entry.value, entry.valid_from, entry.recorded_at) == ("won", closed, closed)
        visits = {v.deal_id: (v.stage, v.entered_at) for v in DealStageVisit.objects.all()}
        assert visits == {
            won.id: ("Closed Won", closed),
            lost.id: ("Closed Lost", datetime(2024, 3, 2, tzinfo=UTC)),
            standing.id: ("Negotiation", AT),
        }

    def test_of_salesforce_are_closed_by_its_flags_and_probable_in_fractions(self, file: File) -> None:
        bring(
            file(
                "opps.csv",
                "Id,Name,StageName,IsClosed,IsWon,CloseDate,Probability,AccountId,SystemModstamp",
                "006A,A,Handshake,true,true,2024-03-01,100,001A,2024-03-02T00:00:00.000Z",
                "006a,B,Talks,false,false,2027-03-01,40,001a,2024-03-02T00:00:00.000Z",
            ),
            source="salesforce",
        )
        won, standing = Deal.objects.order_by("name")
        assert (won.status, won.probability, standing.status, standing.probability) == ("won", 1.0, "open", 0.4)
        assert won.account_id != standing.account_id, "ids of sources tell capitals apart"
        entry = AttributeValue.objects.get(entity_id=standing.id, attribute="stage")
        assert entry.valid_from == datetime(2024, 3, 2, tzinfo=UTC)

    def test_named_before_their_account_meet_it_when_it_comes(self, file: File) -> None:
        bring(file("deals.csv", "Deal ID,Deal Name,Account ID", "1,Big,77"))
        imported = bring(file("accounts.csv", "Account ID,Account Name,Domain", "77,Acme,acme.com"))
        assert counts(imported) == {"updated": 1}
        assert Deal.objects.get().account == Account.objects.get(name="Acme")

    def test_named_by_their_accounts_name_meet_it_when_it_comes_with_its_id(self, file: File) -> None:
        bring(file("deals.csv", "Deal ID,Deal Name,Account Name", "1,Big,Acme"))
        bring(file("accounts.csv", "Account ID,Account Name", "77,ACME"))
        assert (Account.objects.get().external_id, Account.objects.get().name) == ("77", "ACME")
        assert counts(bring(file("accounts.csv", "Account ID,Account Name", "77,ACME"))) == {"unchanged": 1}


class TestStageVisits:
    def test_told_by_the_source_replace_those_kept_here(self, file: File) -> None:
        bring(file("deals.csv", "Deal ID,Deal Name,Deal Stage", "1,Big,Talks"))
        visits = file(
            "deal_stage.csv",
            "Deal ID,Stage,Date Entered,Date Exited",
            "1,Lead,2024-01-01,2024-02-01",
            "1,Talks,2024-02-01,",
        )
        assert counts(bring(visits)) == {"new": 2}
        standing = DealStageVisit.objects.filter(deleted_at=None).order_by("entered_at")
        assert [(v.stage, v.entered_at.date().isoformat(), v.left_at is None) for v in standing] == [
            ("Lead", "2024-01-01", False), ("Talks", "2024-02-01", True),
        ]  # fmt: skip
        assert counts(bring(visits)) == {"unchanged": 2}
        assert DealStageVisit.objects.filter(deleted_at=None).count() == 2


class TestOrders:
    def test_lines_wait_for_their_order(self, file: File) -> None:
        lines = file("order_lines.csv", "Order ID,SKU,Quantity,Unit Price", "o1,s1,2,9.99", "o1,s1,2,9.98")
        refused = bring(lines)
        assert counts(refused) == {"error": 2}
        assert "import orders first" in refused.problems[0][1]
        bring(
            file(
                "orders.csv",
                "Order ID,Order Date,Customer Email,Amount,Order Status",
                "o1,2024-01-05,ann@example.com,19.98,delivered",
            )
        )
        assert counts(bring(lines)) == {"new": 2}
        assert counts(bring(lines)) == {"unchanged": 2}
        order, product = Order.objects.get(), Product.objects.get()
        assert (order.status, order.contact.email) == ("paid", "ann@example.com")  # type: ignore[union-attr]
        assert [line.unit_price for line in OrderLine.objects.order_by("unit_price")] == [
            Decimal("9.98"),
            Decimal("9.99"),
        ]
        assert product.sku == "s1"
        assert order.contact.recorded_at == order.ordered_at  # type: ignore[union-attr]

    def test_get_constants_where_the_file_has_none(self, file: File) -> None:
        path = file("orders.csv", "Order ID,Order Date,Amount", "o1,2024-01-05,5")
        bring(path, mapping={"constants": {"currency": "brl", "channel": "web"}})
        assert (Order.objects.get().currency, Order.objects.get().channel) == ("BRL", "web")


class TestFacts:
    def test_keep_their_custom_fields_and_are_written_once(self, file: File) -> None:
        lines = ("Event ID,Event,Timestamp,Email,Colour", "e1,page_view,2024-01-05T10:00:00Z,ann@example.com,blue")
        assert counts(bring(file("events.csv", *lines))) == {"new": 1}
        assert counts(bring(file("events.csv", *lines))) == {"unchanged": 1}
        changed = bring(file("events.csv", lines[0], lines[1].replace("page_view", "form_submit")))
        assert "type of a row of interactions never changes" in changed.problems[0][1]
        assert Interaction.objects.get().properties == {"Colour": "blue"}


class TestMappings:
    def test_with_ambiguous_dates_are_refused_before_anything_is_written(self, file: File) -> None:
        path = file("deals.csv", "Deal ID,Close Date", "1,03/04/2024")
        with pytest.raises(AmbiguousDatesError):
            bring(path)
        assert not Import.objects.exists()
        bring(path, mapping={"Close Date": {"target": "expected_close_date", "dates": "mdy"}})
        assert Deal.objects.get().expected_close_date == date(2024, 3, 4)

    def test_of_a_table_that_is_not_there_are_refused(self, file: File) -> None:
        with pytest.raises(DefinitionError, match="no table of the CRM"):
            bring(file("a.csv", "Email"), table="persons")

    def test_confirmed_once_are_taken_again(self, file: File) -> None:
        path = file("contacts.csv", "Record ID,Email,Colour", "1,ann@example.com,blue")
        first = bring(path, mapping={"Colour": "lead_source"})
        remember_mapping("hubspot", ("Record ID", "Email", "Colour"), first.mapping)
        assert bring(path).mapping == first.mapping
        assert counts(bring(path)) == {"unchanged": 1}

    def test_place_instants_without_a_zone_in_the_reporting_zone(self, file: File) -> None:
        path = file("contacts.csv", "Record ID,Email,Create Date", "1,ann@example.com,2024-07-01 12:00")
        bring(path, mapping={"time_zone": "Europe/Berlin"})
        assert Contact.objects.get().created_at == datetime(2024, 7, 1, 10, tzinfo=UTC)


class TestResuming:
    def test_goes_on_after_the_last_chunk_and_knows_earlier_rows(
        self, file: File, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = [f"{n},p{n}@example.com" for n in range(2500)]
        path = file("contacts.csv", "Record ID,Email", *rows, "5,other@example.com")

        class StopError(Exception):
            pass

        def stop_after_two_chunks(done: int, total: int | None, message: str) -> None:
            if done == 2000:
                raise StopError

        with pytest.raises(StopError):
            bring(path, progress=stop_after_two_chunks)
        found = Import.objects.get()
        assert (found.cursor, Contact.objects.count(), found.state) == (2000, 2000, State.RUNNING)
        assert importing.run_import(found.pk, lambda *_: None) == {
            "new": 2500, "updated": 0, "unchanged": 0, "duplicate": 1, "error": 0,
        }  # fmt: skip
        assert Contact.objects.count() == 2500
        assert importing.run_import(found.pk, lambda *_: None)["new"] == 2500

    def test_refuses_to_run_twice_at_once(self, file: File) -> None:
        path = file("contacts.csv", "Record ID,Email", *(f"{n},p{n}@example.com" for n in range(1500)))

        def other_worker_goes_on(done: int, total: int | None, message: str) -> None:
            if done == 1000:
                Import.objects.update(cursor=1500)

        with pytest.raises(importing.TakenUpElsewhereError):
            bring(path, progress=other_worker_goes_on)
        assert Contact.objects.count() == 1000
