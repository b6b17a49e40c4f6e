"""What sales metrics read beside the common tables of a drawn company: quotes, chances, goals, forecasts, terms."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

Row = Mapping[str, object]
_WIN_SCORE = "name: win, subject: deal, kind: conversion, outcome: {event: deal_won, within_days: 90}"


def with_sales(tables: Mapping[str, list[Row]], seed: int) -> dict[str, list[Row]]:
    """The tables with rows and columns for sales added; those drawn before stay as they are."""
    draw = random.Random(seed + 1)
    deals = [_with_terms(draw, deal) for deal in tables["deals"]]
    return {
        **tables,
        "deals": deals,
        "contacts": [{**contact, "owner_id": draw.choice(["u1", "u2", None])} for contact in tables["contacts"]],
        "proposals": [_proposal(draw, i, deal) for i, deal in enumerate(deals) if draw.random() < 0.7],
        "score_definitions": [
            {
                "name": "win",
                "version": 1,
                "document": _WIN_SCORE,
                "published_at": "2024-02-01",
                "created_at": "2024-02-01",
            }
        ],
        "score_values": [_chance(draw, deal) for deal in deals if draw.random() < 0.6],
        "order_lines": [_line(draw, i) for i in range(150)],
        "interactions": [*tables["interactions"], *(_touch(draw, i) for i in range(60))],
        "contracts": [*tables["contracts"], *(_contract(draw, i) for i in range(12))],
        "goals": [*tables.get("goals", []), *_goals()],
        "forecast_snapshots": _forecasts(),
    }


def _later(draw: random.Random, start: datetime, days: int) -> datetime:
    return start + timedelta(seconds=draw.randrange(1, days * 86_400))


def _with_terms(draw: random.Random, deal: Row) -> Row:
    return {
        **deal,
        "recurring_amount": draw.choice([None, None, 5, 20]),
        "term_months": draw.choice([None, 12, 24, 36]),
        "competitor": draw.choice([None, "Acme"]),
    }


def _proposal(draw: random.Random, i: int, deal: Row) -> Row:
    made = deal["created_at"]
    assert isinstance(made, datetime)
    sent = _later(draw, made, 60)
    return {
        "id": f"q{i}",
        "deal_id": deal["id"],
        "number": draw.choice([None, f"n{i % 20}"]),
        "amount": draw.choice([None, 100, 240.5]),
        "currency": draw.choice([None, "EUR", "USD", "GBP"]),
        "created_at": made,
        "sent_at": draw.choice([None, sent, sent]),
    }


def _chance(draw: random.Random, deal: Row) -> Row:
    made = deal["created_at"]
    assert isinstance(made, datetime)
    at = _later(draw, made, 30)
    return {
        "score": "win",
        "version": 1,
        "subject": "deal",
        "subject_id": deal["id"],
        "as_of": at,
        "computed_at": at,
        "value": draw.choice([12.5, 40, 88]),
    }


def _line(draw: random.Random, i: int) -> Row:
    return {
        "order_id": f"o{draw.randrange(120)}",
        "product_id": f"g{i % 5}",
        "quantity": draw.choice([1, 2, 3.5, None]),
        "unit_price": 5,
    }


def _touch(draw: random.Random, i: int) -> Row:
    return {
        "id": f"touch{i}",
        "contact_id": f"p{draw.randrange(30)}",
        "deal_id": draw.choice([None, None, f"d{draw.randrange(60)}"]),
        "type": draw.choice(["call", "email_sent", "meeting"]),
        "direction": "outbound",
        "owner_id": draw.choice(["u1", "u2", None]),
        "occurred_at": datetime.fromisoformat("2024-01-01T00:00:00+00:00")
        + timedelta(seconds=draw.randrange(366 * 86_400)),
    }


def _contract(draw: random.Random, i: int) -> Row:
    started = datetime.fromisoformat("2023-06-01T00:00:00+00:00") + timedelta(days=draw.randrange(300))
    end = started + timedelta(days=365)
    return {
        "id": f"term{i}",
        "account_id": f"a{i % 6}",
        "product_id": draw.choice([None, "g1"]),
        "started_at": started,
        "term_end_at": end,
        "ended_at": draw.choice([None, end, end - timedelta(days=40)]),
        "monthly_amount": draw.choice([None, 50, 80]),
        "currency": draw.choice([None, "EUR", "USD"]),
        "renewed_by_contract_id": draw.choice([None, f"term{draw.randrange(12)}"]),
    }


def _goals() -> list[Row]:
    span = {"starts_at": "2024-01-01", "due_at": "2025-01-01", "created_at": "2024-01-02"}
    return [
        {"metric": "bookings", "target": 100_000.0, "direction": "at_least", **span},
        {"metric": "bookings", "target": 40_000.0, "direction": "at_least", "filters": '{"owner": ["u1"]}', **span},
    ]


def _forecasts() -> list[Row]:
    made = {"made_at": "2024-03-01 05:00", "period": "2024-03-01/2024-12-01", "is_frozen": True}
    return [
        {"forecast": "bookings", "value": 9_000.0, **made},
        {"forecast": "bookings:owner=u1", "value": 4_000.0, **made},
        {"forecast": "bookings:owner=u2", "value": 5_000.0, **made},
    ]
