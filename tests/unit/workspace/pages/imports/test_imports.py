"""The import pages: upload, mapping, dry run, start, result, quarantine, undo; and who may."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rapport.workspace.crm.intake import uploads
from rapport.workspace.crm.intake.models import Import, State
from rapport.workspace.crm.records import changes
from rapport.workspace.crm.records.models import Account, Contact
from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.queue.jobs import cancel
from rapport.workspace.queue.worker import run_worker
from rapport.workspace.team.models import Role, User

pytestmark = pytest.mark.django_db(transaction=True)

CONTACTS = (
    b"Record ID,Email,First Name,Company Name\n"
    b"1,ann@example.com,Ann,Acme\n2,not an address,Bo,Acme\n1,x@example.com,X,\n"
)


def user(name: str, role: Role) -> User:
    return User.objects.create_user(username=name, name=name, role=role)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(user("Alice", Role.ADMIN))
    return client


def send(client: Client, data: bytes, name: str = "contacts.csv", **fields: str) -> Any:
    return client.post("/data/imports/", {"file": SimpleUploadedFile(name, data), **fields}, follow=True)


def mapped(client: Client, **chosen: str) -> Import:
    """The newest import after its mapping is confirmed and checked."""
    found = Import.objects.first()
    assert found is not None
    fields = {"table": found.table, "source": found.source, "time_zone": "UTC", **chosen}
    client.post(f"/data/imports/{found.pk}/mapping/", fields)
    run_worker(stop_when_idle=True)
    found.refresh_from_db()
    return found


def imported(client: Client) -> Import:
    found = mapped(client)
    client.post(f"/data/imports/{found.pk}/start/")
    run_worker(stop_when_idle=True)
    found.refresh_from_db()
    return found


class TestUpload:
    def test_leads_to_the_mapping_with_guesses_and_examples(self, admin: Client) -> None:
        page = send(admin, CONTACTS, source="hubspot").content.decode()
        assert "Map the columns of contacts.csv" in page
        assert '<option value="account_id:name" selected>Account, by name</option>' in page
        assert "ann@example.com" in page
        found = Import.objects.get()
        assert (found.table, found.source, found.state) == ("contacts", "hubspot", State.UPLOADED)

    def test_of_an_empty_file_says_so_and_keeps_nothing(self, admin: Client) -> None:
        for data in (b"\n", b""):
            assert "file is empty" in send(admin, data, "a.csv").content.decode()
        assert not Import.objects.exists()
        assert not list((Path(settings.HOME) / "uploads").rglob("a.csv"))

    def test_that_fills_the_disk_says_so_and_keeps_nothing(
        self, admin: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class FullFile:
            def __enter__(self) -> FullFile:
                return self

            def __exit__(self, *_: object) -> None:
                return None

            def write(self, _: bytes) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(uploads.Path, "open", lambda *_, **__: FullFile())
        page = send(admin, CONTACTS).content.decode()
        assert "there is no space left to keep the file" in page
        assert not Import.objects.exists()

    def test_larger_than_the_limit_is_refused(self, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAPPORT_UPLOAD_LIMIT", "0")
        assert "the file is larger than 0 MB" in send(admin, CONTACTS).content.decode()
        assert not Import.objects.exists()

    def test_keeps_within_its_folder_whatever_the_name(self, admin: Client) -> None:
        send(admin, CONTACTS, "..\\..\\contacts.csv")
        assert Path(Import.objects.get().path).is_relative_to(Path(settings.HOME) / "uploads")


class TestMapping:
    def test_for_another_table_is_guessed_anew(self, admin: Client) -> None:
        send(admin, b"Record ID,Name,Amount\n1,Big,5\n", "x.csv", table="contacts")
        found = Import.objects.get()
        page = admin.get(f"/data/imports/{found.pk}/?table=deals").content.decode()
        assert '<option value="amount" selected>Amount</option>' in page

    def test_chosen_by_hand_is_taken_and_remembered(self, admin: Client) -> None:
        send(admin, b"Record ID,Email,Colour\n1,ann@example.com,blue\n", source="shop")
        found = mapped(admin, **{"target-2": "lead_source"})
        assert found.mapping["columns"][2]["target"] == "lead_source"
        send(admin, b"Record ID,Email,Colour\n2,bo@example.com,red\n", source="shop")
        newest = Import.objects.first()
        assert newest is not None
        assert newest.mapping["columns"][2]["target"] == "lead_source"

    def test_with_ambiguous_dates_is_asked_for(self, admin: Client) -> None:
        send(admin, b"Deal ID,Deal Name,Close Date\n1,Big,03/04/2024\n", "deals.csv")
        found = mapped(admin)
        assert found.state == State.UPLOADED
        assert "may be day/month or month/day" in admin.get(f"/data/imports/{found.pk}/").content.decode()
        assert mapped(admin, **{"dates-2": "mdy"}).state == State.CHECKED

    def test_gives_words_a_meaning(self, admin: Client) -> None:
        send(admin, b"Deal ID,Deal Name,Deal Status\n1,Big,Moonshot\n", "deals.csv")
        page = admin.get(f"/data/imports/{Import.objects.get().pk}/").content.decode()
        assert 'name="means-2-moonshot"' in page
        found = mapped(admin, **{"words-2": "moonshot ", "means-2-moonshot": "won"})
        admin.post(f"/data/imports/{found.pk}/start/")
        run_worker(stop_when_idle=True)
        assert Deal.objects.get().status == "won"


class TestDryRun:
    def test_shows_a_verdict_for_every_row_and_writes_nothing(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = mapped(admin)
        page = admin.get(f"/data/imports/{found.pk}/").content.decode()
        assert "This was a dry run" in page
        assert "Import 1 row" in page
        assert "is no e-mail address" in page
        assert "duplicate of row 2" in page
        assert not Contact.objects.exists()

    def test_shows_the_rows_of_one_verdict(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = mapped(admin)
        page = admin.get(f"/data/imports/{found.pk}/?verdict=duplicate").content.decode()
        assert "duplicate of row 2" in page
        assert "is no e-mail address" not in page

    def test_shows_how_far_it_is_while_it_waits(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = Import.objects.get()
        admin.post(f"/data/imports/{found.pk}/mapping/", {"table": "contacts", "source": "x", "time_zone": "UTC"})
        page = admin.get(f"/data/imports/{found.pk}/progress/")
        assert "Waiting for a free worker" in page.content.decode()
        assert "HX-Refresh" not in page
        run_worker(stop_when_idle=True)
        assert admin.get(f"/data/imports/{found.pk}/progress/")["HX-Refresh"] == "true"

    def test_that_was_cancelled_has_failed_and_can_be_mapped_again(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = Import.objects.get()
        admin.post(f"/data/imports/{found.pk}/mapping/", {"table": "contacts", "source": "x", "time_zone": "UTC"})
        found.refresh_from_db()
        cancel(found.job_id)
        page = admin.get(f"/data/imports/{found.pk}/").content.decode()
        assert "The work was cancelled." in page
        assert "Map the columns" in admin.get(f"/data/imports/{found.pk}/?step=mapping").content.decode()


class TestImport:
    def test_writes_the_rows_and_shows_quarantine_and_undo(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = imported(admin)
        page = admin.get(f"/data/imports/{found.pk}/").content.decode()
        assert found.state == State.DONE
        assert not Path(found.path).exists(), "people's data is not kept twice"
        assert "1 row in quarantine" in page
        assert "Undo" in page
        assert Contact.objects.get().email == "ann@example.com"

    def test_started_twice_runs_once(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = mapped(admin)
        for _ in range(2):
            admin.post(f"/data/imports/{found.pk}/start/")
        assert run_worker(stop_when_idle=True) == 1

    def test_is_undone_with_one_click(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = imported(admin)
        admin.post(f"/data/imports/{found.pk}/undo/")
        run_worker(stop_when_idle=True)
        page = admin.get(f"/data/imports/{found.pk}/").content.decode()
        assert "Undone: 2 deleted, 0 given their old values back." in page
        assert not Contact.objects.filter(deleted_at=None).exists()
        assert not Account.objects.filter(deleted_at=None).exists()

    def test_shows_what_undoing_left(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = imported(admin)
        changes.save("contacts", Contact.objects.get().pk, {"city": "Ulm"}, by="Sally", at=timezone.now())
        admin.post(f"/data/imports/{found.pk}/undo/")
        run_worker(stop_when_idle=True)
        page = admin.get(f"/data/imports/{found.pk}/").content.decode()
        assert "2 left as they are, for the reasons below" in page
        assert "contacts that stand refer to it" in page
        assert "changed since by Sally" in page

    def test_lets_a_refused_row_be_mended(self, admin: Client) -> None:
        send(admin, CONTACTS)
        found = imported(admin)
        address = f"/data/imports/{found.pk}/rows/3/"
        assert "is no e-mail address" in admin.get(address).content.decode()
        cells = {"cell-0": "2", "cell-1": "still not", "cell-2": "Bo", "cell-3": "Acme"}
        assert "still refused" in admin.post(address, cells, follow=True).content.decode()
        assert (
            "Row 3 is taken."
            in admin.post(address, {**cells, "cell-1": "bo@example.com"}, follow=True).content.decode()
        )
        assert Contact.objects.count() == 2

    def test_gives_the_refused_rows_as_csv_without_formulas(self, admin: Client) -> None:
        send(admin, b"Record ID,Email,First Name\n1,not an address,=1+1\n")
        found = imported(admin)
        answer = admin.get(f"/data/imports/{found.pk}/quarantine.csv")
        text = b"".join(answer).decode("utf-8-sig")  # type: ignore[arg-type]
        assert text.splitlines() == [
            "Row,Verdict,Reason,Record ID,Email,First Name",
            "2,error,Email: 'not an address' is no e-mail address,1,not an address,'=1+1",
        ]

    def test_is_listed_with_its_counts(self, admin: Client) -> None:
        send(admin, CONTACTS, source="shop")
        imported(admin)
        page = admin.get("/data/imports/").content.decode()
        assert "contacts.csv" in page
        assert "shop" in page


class TestPermissions:
    def test_members_may_not_import(self, client: Client) -> None:
        client.force_login(user("Mel", Role.MEMBER))
        assert client.get("/data/imports/").status_code == 403
        assert send(client, CONTACTS).status_code == 403

    def test_managers_see_only_their_own_imports(self, client: Client) -> None:
        client.force_login(user("Alice", Role.ADMIN))
        send(client, CONTACTS)
        found = Import.objects.get()
        client.force_login(user("Max", Role.MANAGER))
        assert client.get(f"/data/imports/{found.pk}/").status_code == 404
        assert client.post(f"/data/imports/{found.pk}/undo/").status_code == 404
        assert "contacts.csv" not in client.get("/data/imports/").content.decode()
        assert "Map the columns" in send(client, CONTACTS).content.decode()

    def test_strangers_are_sent_to_sign_in(self, client: Client) -> None:
        assert client.get("/data/imports/").status_code == 302
