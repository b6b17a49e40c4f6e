"""A snapshot of a few contacts holds their rows, and what those rows refer to, from the database alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from rapport.workspace.crm.lake import open_snapshot, publish
from rapport.workspace.crm.records.models import (
    Account,
    AttributeValue,
    Contact,
    IdentityLink,
    Interaction,
    InteractionFlag,
)
from rapport.workspace.crm.sales.models import Deal, Order, OrderLine, Product
from rapport.workspace.scores.models import ScoreValue

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def two_contacts() -> None:
    """Ada (c1) and Bob (c2): an account, an interaction, a flag, a deal, an order and a score each; one product."""
    Product.objects.create(id="p")
    for n in ("1", "2"):
        Account.objects.create(id=f"a{n}")
        Contact.objects.create(id=f"c{n}", account_id=f"a{n}")
        Interaction.objects.create(id=f"i{n}", type="call", contact_id=f"c{n}", occurred_at=AT)
        InteractionFlag.objects.create(id=f"f{n}", interaction_id=f"i{n}", flag="bot", value=False)
        Deal.objects.create(id=f"d{n}", contact_id=f"c{n}")
        Order.objects.create(id=f"o{n}", contact_id=f"c{n}", ordered_at=AT)
        OrderLine.objects.create(id=f"l{n}", order_id=f"o{n}", product_id="p")
        ScoreValue.objects.create(id=f"s{n}", score="fit", subject_id=f"d{n}", as_of=AT, value=Decimal(1))
        for entity, row in (("contact", "c"), ("account", "a"), ("deal", "d")):
            AttributeValue.objects.create(
                id=f"h{row}{n}", entity=entity, entity_id=f"{row}{n}", attribute="name", valid_from=AT
            )


def ids_about(*contacts: str) -> dict[str, list[str]]:
    with open_snapshot(subjects=contacts) as (snapshot, runner):
        return {
            name: sorted(runner.to_arrow(table.select("id"))["id"].to_pylist())
            for name, table in snapshot.tables.items()
        }


@pytest.mark.usefixtures("two_contacts")
@pytest.mark.parametrize("published", [False, True])
def test_holds_the_rows_of_these_contacts_and_what_is_about_nobody(published: bool) -> None:
    if published:
        publish()
    assert ids_about("c1") == {
        "accounts": ["a1"],
        "contacts": ["c1"],
        "interactions": ["i1"],
        "interaction_flags": ["f1"],
        "deals": ["d1"],
        "orders": ["o1"],
        "order_lines": ["l1"],
        "products": ["p"],
        "score_values": ["s1"],
        "attribute_history": ["ha1", "hc1", "hd1"],
    }


@pytest.mark.usefixtures("two_contacts")
def test_follows_merges() -> None:
    IdentityLink.objects.create(id="k", entity="contact", from_id="c2", to_id="c1", kind="merge")
    found = ids_about("c1")
    assert found["contacts"] == ["c1", "c2"]
    assert found["interactions"] == ["i1", "i2"]
    assert found["identity_links"] == ["k"]


@pytest.mark.usefixtures("two_contacts")
def test_nobody_has_no_rows() -> None:
    assert ids_about() == {"products": ["p"]}
