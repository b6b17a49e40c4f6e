"""A company of three people for tests of pages and permissions.

Alice (member) and Bob (manager) are in the team North, which is part of Nordics; Charlie (member) is in South;
Nora manages Nordics; Ada is the administrator. One contact, account and deal each belongs to Alice, to Charlie and
to no one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from django.test import Client

from rapport.workspace.crm.records.models import Account, Contact, Interaction
from rapport.workspace.crm.sales.models import Deal, Order
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition
from rapport.workspace.team.models import Role, Team, User

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass
class SmallCompany:
    """People by their first name in lower case; records as `contact_of["alice"]`, `["charlie"]`, `["no one"]`."""

    people: dict[str, User] = field(default_factory=dict)
    contact_of: dict[str, Contact] = field(default_factory=dict)
    account_of: dict[str, Account] = field(default_factory=dict)
    deal_of: dict[str, Deal] = field(default_factory=dict)

    def client(self, name: str) -> Client:
        """A browser in which someone is signed in."""
        client = Client(headers={"host": "localhost"})
        client.force_login(self.people[name], backend=BACKEND)
        return client


def small_company() -> SmallCompany:
    nordics = Team.objects.create(name="Nordics")
    north = Team.objects.create(name="North", parent_team=nordics)
    south = Team.objects.create(name="South")
    made = SmallCompany()
    for name, role, team in (
        ("alice", Role.MEMBER, north),
        ("bob", Role.MANAGER, north),
        ("nora", Role.MANAGER, nordics),
        ("charlie", Role.MEMBER, south),
        ("ada", Role.ADMIN, None),
    ):
        made.people[name] = User.objects.create(
            username=name, name=f"{name.title()} Test", email=f"{name}@example.com", role=role, team=team
        )
    for number, whose in enumerate(("alice", "charlie", "no one")):
        _records(made, whose, number)
    return made


def _records(made: SmallCompany, whose: str, number: int) -> None:
    owner = made.people.get(whose)
    account = Account.objects.create(id=f"account-{number}", name=f"Company {number}", owner=owner, created_at=AT)
    contact = Contact.objects.create(
        id=f"contact-{number}",
        first_name=("Åsa", "Ben", "Cleo")[number],
        last_name=("Berg", "Bergman", "Adams")[number],
        email=f"person{number}@example.com",
        account=account,
        owner=owner,
        created_at=AT,
    )
    deal = Deal.objects.create(
        id=f"deal-{number}",
        name=f"Deal {number}",
        account=account,
        contact=contact,
        owner=owner,
        stage="Proposal",
        status="open",
        amount=Decimal(1000 * (number + 1)),
        currency="EUR",
        expected_close_date=date(2026, 4, 1 + number),
        created_at=AT,
    )
    Order.objects.create(
        id=f"order-{number}", contact=contact, ordered_at=AT, amount=Decimal(10), currency="EUR", created_at=AT
    )
    Interaction.objects.create(
        id=f"interaction-{number}", contact=contact, type="call", channel="phone", occurred_at=AT, created_at=AT
    )
    made.account_of[whose], made.contact_of[whose], made.deal_of[whose] = account, contact, deal


def live_score(name: str, values: dict[str, str | None], *, subject: str = "contact") -> None:
    """A live score with these current values by subject id; None is a subject without a value."""
    ScoreDefinition.objects.create(name=name, version=1, subject=subject, state="published", document="")
    for subject_id, value in values.items():
        CurrentScore.objects.create(
            score=name,
            version=1,
            subject=subject,
            subject_id=subject_id,
            value=None if value is None else Decimal(value),
            band=None if value is None else "Hot" if Decimal(value) >= 50 else "Cold",
            trend="rising",
            as_of=AT,
            computed_at=AT,
            run_id="run",
        )
