"""Views for BI tools: what they say is what the workspace says, to whom it is granted, and nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as chosen
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from rapport.engine.errors import DataError, DefinitionError
from rapport.workspace.crm.records.models import Contact, SegmentMembership
from rapport.workspace.crm.sales.models import Order
from rapport.workspace.metrics.exports import views
from rapport.workspace.metrics.exports.models import MetricDay
from rapport.workspace.metrics.exports.tables import EXPORTED
from rapport.workspace.metrics.exports.view_sql import view_names
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.scores.models import CurrentScore, ScoreValue
from small_company import SmallCompany

AT = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
ROLE = "rapport_test_bi"
on_postgres = pytest.mark.skipif("postgresql" not in chosen.DATABASES["default"]["ENGINE"], reason="needs PostgreSQL")
pytestmark = pytest.mark.django_db


def asked(sql: str, *values: object) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def as_role() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Asks as the role of the BI tool, whatever this connection may do otherwise."""

    def ask(sql: str) -> list[dict[str, Any]]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {ROLE}")  # ends with the transaction where it fails
            found = asked(sql)
            cursor.execute("RESET ROLE")
            return found

    return ask


class TestSqlite:
    @pytest.mark.skipif("postgresql" in chosen.DATABASES["default"]["ENGINE"], reason="about SQLite")
    def test_it_says_what_to_do_instead(self) -> None:
        with pytest.raises(DefinitionError, match=r"need PostgreSQL.*export parquet FOLDER.*RAPPORT_DATABASE"):
            views.install(with_personal_data=False)
        assert views.state() is None
        assert not views.set_aside()


def test_the_guide_names_every_view_and_what_is_hidden() -> None:
    guide = (Path(__file__).parents[5] / "docs" / "guide" / "bi-tools.md").read_text("utf-8")
    assert [view for view in view_names() if f"`{view}`" not in guide] == []
    hidden = {
        line.split("|")[1].strip(): set(re.findall(r"`(\w+)`", line)) for line in guide.splitlines() if "|" in line
    }
    for name, table in EXPORTED.items():
        if table.personal:
            assert hidden[name if name not in ("accounts", "deals") else "accounts, deals"] == table.personal


@on_postgres
class TestValues:
    def test_scores_are_those_that_are_kept_in_their_types(self, company: SmallCompany) -> None:
        CurrentScore.objects.all().delete()
        CurrentScore.objects.create(
            score="fit", version=2, subject="contact", subject_id="contact-0", value=Decimal("61.250001"), band="A",
            percentile=93.5, change_7d=Decimal("-2.5"), as_of=AT, computed_at=AT, run_id="r1",
        )  # fmt: skip
        CurrentScore.objects.create(
            score="fit", version=2, subject="contact", subject_id="contact-1", as_of=AT, computed_at=AT, run_id="r1",
            reason_null="no data",
        )  # fmt: skip
        ScoreValue.objects.create(
            score="fit", version=2, subject="contact", subject_id="contact-0", as_of=AT, value=Decimal("63.75"),
            cause="first", contributions={"email": "secret"},
        )  # fmt: skip
        views.install(with_personal_data=False)
        first, second = asked("SELECT * FROM export_v1.v_scores_current ORDER BY subject_id")
        kept = CurrentScore.objects.get(subject_id="contact-0")
        assert all(first[name] == getattr(kept, name) for name in first)
        assert first["value"] == Decimal("61.250001")
        assert first["as_of"] == AT
        assert (second["value"], second["reason_null"]) == (None, "no data")
        (told,) = asked("SELECT * FROM export_v1.v_score_history WHERE score = 'fit'")
        assert (told["value"], told["cause"], told["as_of"]) == (Decimal("63.75"), "first", AT)
        assert "contributions" not in told

    def test_amounts_keep_every_digit_and_deleted_rows_are_left_out(self, company: SmallCompany) -> None:
        amount = Decimal("12345678901234.5678")
        Order.objects.create(id="o1", contact=company.contact_of["alice"], ordered_at=AT, amount=amount, currency="EUR")
        Order.objects.create(id="o2", ordered_at=AT, amount=1, deleted_at=AT)
        views.install(with_personal_data=False)
        rows = asked("SELECT id, amount, ordered_at, pg_typeof(amount)::text AS type FROM export_v1.v_orders")
        assert [row for row in rows if row["id"] in ("o1", "o2")] == [
            {"id": "o1", "amount": amount, "ordered_at": AT, "type": "numeric"}
        ]

    def test_members_now_and_over_time(self) -> None:
        Segment.objects.create(name="vip", title="Best customers", subject="contact")
        Segment.objects.create(name="old", title="Gone", subject="contact", deleted_at=AT)
        for segment, who, left in (
            ("vip", "c1", None),
            ("vip", "c2", AT),
            ("old", "c1", AT),
            ("imported", "c1", None),
        ):
            SegmentMembership.objects.create(
                segment=segment, subject="contact", subject_id=who, entered_at=AT - timedelta(days=9), left_at=left
            )
        views.install(with_personal_data=False)
        rows = asked("SELECT segment, title, subject_id, is_current FROM export_v1.v_segments ORDER BY 1, 3")
        assert [tuple(row.values()) for row in rows] == [
            ("imported", None, "c1", True),
            ("old", "Gone", "c1", False),
            ("vip", "Best customers", "c1", True),
            ("vip", "Best customers", "c2", False),
        ]

    def test_days_of_metrics_name_metrics_of_the_catalogue(self) -> None:
        MetricDay.objects.create(
            day=date(2026, 3, 1), metric="revenue", value=99.5, amount=Decimal("99.5"), definition_version=1, as_of=AT
        )
        views.install(with_personal_data=False)
        (row,) = asked(
            "SELECT day, value, amount, name, unit FROM export_v1.v_metrics_daily "
            "JOIN export_v1.v_metrics USING (metric)"
        )
        assert (row["day"], row["value"], row["amount"], row["unit"]) == (
            date(2026, 3, 1),
            99.5,
            Decimal("99.5"),
            "amount",
        )
        (about,) = asked("SELECT * FROM export_v1.v_about")
        assert (about["metrics_through"], about["metrics_as_of"]) == (date(2026, 3, 1), AT)
        assert about["time_zone"] == chosen.REPORTING_TIME_ZONE


@on_postgres
class TestPersonalData:
    def test_it_is_null_until_it_is_asked_for_under_the_same_names(self, company: SmallCompany) -> None:
        views.install(with_personal_data=False)
        hidden = asked("SELECT * FROM export_v1.v_contacts WHERE id = 'contact-0'")[0]
        views.install(with_personal_data=True)
        shown = asked("SELECT * FROM export_v1.v_contacts WHERE id = 'contact-0'")[0]
        assert list(hidden) == list(shown)
        assert (hidden["email"], hidden["phone"], hidden["first_name"]) == (None, None, None)
        assert (shown["email"], shown["first_name"]) == ("person0@example.com", "Åsa")
        assert views.state() is True
        views.install(with_personal_data=False)
        assert asked("SELECT count(email) AS n FROM export_v1.v_contacts")[0]["n"] == 0

    def test_no_personal_column_of_any_view_is_told(self, company: SmallCompany) -> None:
        views.install(with_personal_data=False)
        for table in EXPORTED.values():
            for column in table.personal:
                assert asked(f'SELECT count("{column}") AS n FROM export_v1.{table.view}') == [{"n": 0}]
        named = {c for table in EXPORTED.values() for c in table.personal}
        assert {"email", "phone", "first_name", "last_name", "birth_date", "properties", "comment"} <= named

    def test_what_is_called_an_address_or_a_phone_is_personal(self) -> None:
        for table in EXPORTED.values():
            for column in table.columns:
                if any(word in column.name for word in ("email", "phone", "first_name", "last_name", "anonymous")):
                    assert column.name in table.personal


@on_postgres
class TestComments:
    def test_every_view_and_column_has_one(self) -> None:
        views.install(with_personal_data=False)
        silent = asked(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE n.nspname = 'export_v1' "
            "AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)"
        )
        assert silent == []
        (said,) = asked("SELECT col_description('export_v1.v_contacts'::regclass, attnum) AS text FROM pg_attribute "
                        "WHERE attrelid = 'export_v1.v_contacts'::regclass AND attname = 'email'")  # fmt: skip
        assert said["text"] == "E-mail address, lower-cased. Personal data, hidden: always null."

    def test_every_instant_has_a_zone(self) -> None:
        views.install(with_personal_data=False)
        assert (
            asked(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'export_v1' "
                "AND data_type = 'timestamp without time zone'"
            )
            == []
        )


@on_postgres
class TestRole:
    def test_it_reads_the_views_and_nothing_else(
        self, company: SmallCompany, as_role: Callable[[str], list[dict[str, Any]]]
    ) -> None:
        made = views.install(with_personal_data=False, role=ROLE)
        assert (made.made_roles, made.roles, made.exposed) == ([ROLE], [ROLE], {})
        for view in view_names():
            as_role(f"SELECT * FROM export_v1.{view} LIMIT 1")
        assert as_role("SELECT count(*) AS n FROM export_v1.v_contacts") == [{"n": Contact.objects.count()}]
        for forbidden in (
            "SELECT email FROM contacts",
            "SELECT password FROM users",
            "DELETE FROM export_v1.v_contacts",
            "CREATE TABLE export_v1.own (id int)",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                as_role(forbidden)

    def test_a_role_keeps_its_rights_when_views_are_made_again(
        self, company: SmallCompany, as_role: Callable[[str], list[dict[str, Any]]]
    ) -> None:
        views.install(with_personal_data=False, role=ROLE)
        assert views.set_aside()
        assert views.state() is False
        assert views.bring_up_to_date()
        assert as_role("SELECT count(*) AS n FROM export_v1.v_deals") == [{"n": 3}]
        again = views.install(with_personal_data=False)
        assert (again.roles, again.made_roles) == ([ROLE], [])

    def test_it_is_told_where_the_role_sees_more(self, company: SmallCompany) -> None:
        views.install(with_personal_data=False, role=ROLE)
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT SELECT ON contacts TO {ROLE}")
        assert views.install(with_personal_data=False).exposed == {ROLE: ["contacts"]}

    def test_a_user_who_may_not_is_told_what_to_ask_for(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {ROLE}")
            cursor.execute(f"SET LOCAL ROLE {ROLE}")
        with pytest.raises(DataError, match="GRANT CREATE ON DATABASE"):
            views.install(with_personal_data=False)
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        assert views.state() is None


@on_postgres
class TestRemoving:
    def test_views_go_unless_others_rest_on_them(self) -> None:
        views.install(with_personal_data=False)
        with connection.cursor() as cursor:
            cursor.execute("CREATE VIEW mine AS SELECT id FROM export_v1.v_deals")
        with pytest.raises(DataError, match=r"mine depends|other objects depend"), transaction.atomic():
            views.remove()
        assert not views.set_aside()
        with connection.cursor() as cursor:
            cursor.execute("DROP VIEW mine")
        views.remove()
        assert views.state() is None
        assert not views.bring_up_to_date()

    def test_tables_can_change_below_the_views(self) -> None:
        views.install(with_personal_data=True)
        assert views.set_aside()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE contacts ALTER COLUMN title TYPE varchar(500)")
        assert views.bring_up_to_date()
        assert views.state() is True


@on_postgres
def test_a_migration_takes_the_views_aside_and_brings_them_back(company: SmallCompany) -> None:
    views.install(with_personal_data=False, role=ROLE)
    call_command("migrate", "metrics", "0004", verbosity=0)
    call_command("migrate", "metrics", verbosity=0)
    assert asked("SELECT count(*) AS n FROM export_v1.v_metrics_daily") == [{"n": 0}]
