"""Sort keys: what an index answers on every database."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from rapport.workspace.crm.records.models import Contact
from rapport.workspace.lib.prefix_search import starts_with
from rapport.workspace.lib.sort_key import SortKey, ranges


@pytest.mark.django_db
class TestIndex:
    @pytest.mark.parametrize("field", ["last_name", "first_name", "email"])
    def test_a_prefix_is_looked_up_not_scanned(self, field: str) -> None:
        rows = Contact.objects.filter(starts_with(field, "ann")).values("pk")
        assert f"contacts_by_{field}" in self.plan(rows)

    def test_the_first_by_name_are_read_off_the_index(self) -> None:
        rows = Contact.objects.order_by(SortKey("last_name"), "pk").values("pk")[:5]
        assert "contacts_by_last_name" in self.plan(rows)

    def plan(self, rows: object) -> str:
        with transaction.atomic():
            if connection.vendor == "postgresql":  # with no rows it would rather scan
                connection.cursor().execute("SET LOCAL enable_seqscan = off")
                connection.cursor().execute("SET LOCAL enable_sort = off")
            return str(rows.explain())  # type: ignore[attr-defined]


class TestRanges:
    def test_plain_letters_need_one_range(self) -> None:
        assert ranges("Ann") == [("ann", "ann\U0010ffff")]

    def test_other_letters_are_looked_for_as_they_may_be_stored(self) -> None:
        assert {low for low, _ in ranges("åsa")} == {"åsa", "Åsa"}
