"""Fills the workspace that browser tests look at: `fill.py PASSWORD`."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import django
from django.core.management import call_command

_DEFINITION = """
name: engagement
title: Engagement
subject: contact
kind: points
range: [0, 100]
bands: [{label: Hot, from: 50}, {label: Cold, from: 0}]
outcome: {event: deal_won, within_days: 60}
groups:
  visits:
    type: engagement
    criteria:
      - name: visit
        points: 3
        per: {event: page_view}
"""
_NAMES = (
    "Anna Larsen",
    "Bo Nyström",
    "Carla Rossi",
    "Dan Okafor",
    "Eva Müller",
    "Farid Haddad",
    "Greta Lind",
    "Hao Zhang",
)


def main(password: str) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from rapport.workspace.crm.records.models import Contact, Interaction
    from rapport.workspace.crm.sales.models import Order
    from rapport.workspace.metrics.segments.building import build
    from rapport.workspace.metrics.segments.definitions import create
    from rapport.workspace.scores.models import ScoreDefinition
    from small_company import live_score, small_company

    made = small_company()
    for person in made.people.values():
        person.set_password(password)
        person.save()
    chance = random.Random(11)
    now = datetime.now(UTC)
    values: dict[str, str | None] = {}
    for number in range(200):
        first, last = _NAMES[number % len(_NAMES)].split()
        contact = Contact.objects.create(
            id=f"c{number:03d}",
            first_name=first,
            last_name=f"{last} {number}",
            email=f"{first}.{number}@example.com".lower(),
            title=chance.choice(("Buyer", "Engineer", None)),
            lifecycle_stage=chance.choice(("lead", "mql", "customer")),
            country=chance.choice(("SE", "DK", "NO")),
            account=made.account_of["alice"],
            owner=made.people[chance.choice(("alice", "bob"))],
            created_at=now - timedelta(days=number, minutes=1),
        )
        values[contact.pk] = None if number % 9 == 0 else str(chance.randint(0, 100))
        for days in range(31 if number == 0 else chance.randint(0, 20)):
            Interaction.objects.create(
                contact=contact,
                type="page_view",
                channel="web",
                url_path="/pricing",
                occurred_at=now - timedelta(days=days, hours=3),
            )
        Order.objects.create(
            contact=contact,
            ordered_at=now - timedelta(days=30, hours=number),
            amount=Decimal(chance.randint(10, 900)),
            currency="EUR",
        )
    for deal, stage in zip(made.deal_of.values(), ("Discovery", "Proposal", "Negotiation"), strict=True):
        deal.stage = stage
        deal.save()
    _campaign(now)
    _first_values()
    live_score("engagement", values)
    ScoreDefinition.objects.update(document=_DEFINITION, title="Engagement")
    visitors = create(title="Visitors", document="subject: contact\ndid:\n  - event: page_view\n", by="ada")
    build(visitors, back_months=1)


def _campaign(now: datetime) -> None:
    """One that was sent to fifty people; each bought within the ten days after."""
    from rapport.workspace.crm.marketing.models import Campaign, CampaignMember
    from rapport.workspace.crm.sales.models import Order

    begun = now - timedelta(days=50)
    spring = Campaign.objects.create(
        name="Spring letter", channel="email", status="active", started_at=begun, created_at=begun
    )
    for order in Order.objects.filter(contact_id__gte="c100", contact_id__lt="c150"):
        CampaignMember.objects.create(
            campaign=spring,
            contact_id=order.contact_id,
            added_at=begun,
            sent_at=order.ordered_at - timedelta(days=int(order.contact_id[1:]) % 10, hours=1),
        )


def _first_values() -> None:
    """What was written straight to the tables is recorded as if it had come in as records do: without an entry a value
    is unknown as soon as any other has one."""
    from rapport.engine.crm.tables import TABLES
    from rapport.workspace.crm.records.history import Entry, write_entries
    from rapport.workspace.crm.records.models import Account, Contact
    from rapport.workspace.crm.records.values import as_text
    from rapport.workspace.crm.sales.models import Deal

    for name, model in (("accounts", Account), ("contacts", Contact), ("deals", Deal)):
        table = TABLES[name]
        entries = [
            Entry(row.pk, column.name, as_text(column.type, value), row.created_at, row.created_at, assumed=False)
            for row in model._default_manager.all()
            for column in table.changeable
            if (value := getattr(row, column.name, None)) is not None
        ]
        write_entries(table, entries, by="fill")


if __name__ == "__main__":
    main(sys.argv[1])
