"""A small random company: contacts, accounts, deals, orders and what happened, with gaps everywhere."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

AS_OF = datetime(2024, 6, 12, 21, 40, tzinfo=UTC)
Rows = list[dict[str, Any]]

_TYPES = ["page_view", "page_view", "page_view", "form_submit", "email_click", "email_sent", "meeting", "call", "other"]
_PATHS = ["/pricing", "/Pricing/eu", "/docs", "/straße", "/STRASSE", None]
_TITLES = ["Head of Sales", "VP", "engineer", "Chief of Staff", "Überdirector", None, ""]


def company(seed: int, *, contacts: int = 40, interactions: int = 500) -> dict[str, Rows]:
    """Tables by name. Instants reach past `AS_OF`, some rows are recorded late, some flagged as bots."""
    r = random.Random(seed)
    accounts = [_account(r, i) for i in range(8)]
    people = [_contact(r, i) for i in range(contacts)]
    happened = [_interaction(r, i, contacts) for i in range(interactions)]
    flags = [
        {
            "id": f"f{i}",
            "interaction_id": f"i{r.randrange(interactions)}",
            "flag": "bot",
            "value": r.random() < 0.8,
            "recorded_at": _at(r),
        }
        for i in range(interactions // 10)
    ]
    return {
        "accounts": accounts,
        "contacts": people,
        "interactions": happened,
        "interaction_flags": flags,
        "deals": [_deal(r, i, contacts) for i in range(30)],
        "orders": [_order(r, i, contacts) for i in range(40)],
        "cases": [_case(r, i, contacts) for i in range(20)],
        "campaign_members": [_member(r, i, contacts) for i in range(30)],
        "segment_memberships": [_stay(r, i, contacts) for i in range(25)],
    }


def _at(r: random.Random, days: int = 200) -> datetime:
    return AS_OF + timedelta(minutes=r.randrange(-days * 1440, 3 * 1440))


def _some(r: random.Random, prefix: str, count: int) -> str | None:
    return None if r.random() < 0.15 else f"{prefix}{r.randrange(count)}"


def _account(r: random.Random, i: int) -> dict[str, Any]:
    return {
        "id": f"a{i}",
        "industry": r.choice(["software", "Software", "retail", "bank", None]),
        "employees": r.choice([None, 1, 49, 50, 1000, 1001]),
        "annual_revenue": r.choice([None, Decimal("0.1"), Decimal("1000000.5000")]),
        "created_at": _at(r),
        "properties": r.choice([None, '{"tier":"gold","seats":12.5}', '{"tier":"Silver","seats":3}']),
    }


def _contact(r: random.Random, i: int) -> dict[str, Any]:
    created = r.choice([None, _at(r, 400), AS_OF - timedelta(days=300)])
    return {
        "id": f"c{i}",
        "account_id": _some(r, "a", 8),
        "email": r.choice([None, "x@gmail.com", "x@GMAIL.com", "x@firm.example", "broken"]),
        "title": r.choice(_TITLES),
        "seniority": r.choice(["c_level", "vp", "staff", None]),
        "birth_date": r.choice([None, (AS_OF - timedelta(days=r.randrange(0, 90))).date()]),
        "created_at": created,
    }


def _interaction(r: random.Random, i: int, contacts: int) -> dict[str, Any]:
    at, kind = _at(r), r.choice(_TYPES)
    late = timedelta(days=r.choice([0, 0, 0, 5, 60]))
    return {
        "id": f"i{i}",
        "contact_id": _some(r, "c", contacts),
        "account_id": _some(r, "a", 8),
        "deal_id": _some(r, "d", 30),
        "type": kind,
        "direction": r.choice(["inbound", "outbound", "internal", None]),
        "occurred_at": at,
        "recorded_at": r.choice([None, at + late]),
        "url_path": r.choice(_PATHS),
        "value": r.choice([None, 1.0, 2.5, 10.0]),
        "properties": r.choice([None, '{"form":"demo","n":3}', '{"form":"DEMO"}', '{"form":"contact","n":"4.50"}']),
    }


def _deal(r: random.Random, i: int, contacts: int) -> dict[str, Any]:
    status = r.choice(["open", "won", "lost"])
    return {
        "id": f"d{i}",
        "account_id": _some(r, "a", 8),
        "contact_id": _some(r, "c", contacts),
        "status": status,
        "amount": r.choice([None, Decimal("10.5000"), Decimal("99.9999"), Decimal("500")]),
        "created_at": _at(r, 300),
        "closed_at": None if status == "open" else _at(r),
        "expected_close_date": r.choice([None, (AS_OF + timedelta(days=r.randrange(-20, 60))).date()]),
    }


def _order(r: random.Random, i: int, contacts: int) -> dict[str, Any]:
    return {
        "id": f"o{i}",
        "contact_id": _some(r, "c", contacts),
        "account_id": r.choice([None, f"a{r.randrange(8)}"]),
        "ordered_at": _at(r),
        "amount": r.choice([None, Decimal("5"), Decimal("25.2500")]),
        "status": r.choice([None, "paid", "cancelled"]),
    }


def _case(r: random.Random, i: int, contacts: int) -> dict[str, Any]:
    return {
        "id": f"k{i}",
        "contact_id": _some(r, "c", contacts),
        "account_id": _some(r, "a", 8),
        "type": r.choice(["question", "complaint"]),
        "opened_at": _at(r),
    }


def _member(r: random.Random, i: int, contacts: int) -> dict[str, Any]:
    added = _at(r)
    return {
        "id": f"m{i}",
        "campaign_id": "k",
        "contact_id": f"c{r.randrange(contacts)}",
        "added_at": added,
        "responded_at": r.choice([None, added + timedelta(days=2)]),
    }


def _stay(r: random.Random, i: int, contacts: int) -> dict[str, Any]:
    at = _at(r)
    subject, count = r.choice([("contact", contacts), ("account", 8)])
    return {
        "id": f"s{i}",
        "segment": r.choice(["news", "vip"]),
        "subject": subject,
        "subject_id": f"{subject[0]}{r.randrange(count)}",
        "entered_at": at,
        "left_at": r.choice([None, at + timedelta(days=20)]),
    }
