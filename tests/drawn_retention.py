"""What metrics of retention and value read beside the common tables of a drawn company: contracts, margins, costs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta

Row = Mapping[str, object]


def with_retention(tables: Mapping[str, list[Row]], seed: int) -> dict[str, list[Row]]:
    """The tables with rows and columns for retention added; those drawn before stay as they are."""
    draw = random.Random(seed + 4)
    accounts = [str(row["id"]) for row in tables["accounts"]]
    return {
        **tables,
        "contracts": [*tables["contracts"], *(_contract(draw, i, accounts) for i in range(24)), *_movements()],
        "orders": [{**order, "margin": draw.choice([None, 1, 4.5])} for order in tables["orders"]],
        "costs": [*tables.get("costs", []), *(_cost(draw, i, accounts) for i in range(30))],
    }


def _contract(draw: random.Random, i: int, accounts: list[str]) -> Row:
    start = date(2023, 1, 1) + timedelta(days=draw.randrange(600))
    end = start + timedelta(days=draw.randrange(30, 400)) if draw.random() < 0.6 else None
    return {
        "id": f"t{i}",
        "account_id": draw.choice(accounts),
        "started_at": start.isoformat(),
        "ended_at": end.isoformat() if end else None,
        "monthly_amount": draw.choice([20, 45.5, 100, None]) if i else 60,
        "currency": draw.choice(["EUR", "EUR", "USD"]),
        "plan": draw.choice(["basic", "pro", None]),
    }


def _movements() -> list[Row]:
    """One customer for each movement of recurring revenue."""
    told = (
        ("kept", "2023-02-01", None, 70),
        ("kept", "2024-09-10", None, 10),
        ("gone", "2023-02-01", "2024-10-10", 30),
        ("less", "2023-02-01", "2024-10-10", 30),
        ("less", "2024-10-10", None, 20),
        ("back", "2023-02-01", "2023-05-01", 15),
        ("back", "2024-09-10", None, 15),
        ("late", "2024-09-10", None, 25),
    )
    return [
        {"id": f"v{i}", "account_id": f"a_{name}", "started_at": since, "ended_at": until, "monthly_amount": amount}
        for i, (name, since, until, amount) in enumerate(told)
    ]


def _cost(draw: random.Random, i: int, accounts: list[str]) -> Row:
    start = date(2024, 1, 1) + timedelta(days=draw.randrange(330))
    return {
        "id": f"x{i}",
        "created_at": start.isoformat(),
        "category": draw.choice(["retention", "loyalty", "service", "production", "overhead", "sales"]),
        "account_id": draw.choice([None, *accounts]),
        "amount": draw.choice([5, 12.5, 80]),
        "currency": draw.choice([None, "EUR", "USD"]),
        "period_start": start,
        "period_end": start + timedelta(days=draw.randrange(1, 60)),
    }
