"""The company itself: teams, users, products, campaigns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import (
    DAY,
    HOUR,
    NEVER,
    Ints,
    constant,
    ids,
    instants,
    joined,
    money,
    picked,
    table,
)
from rapport.engine.crm.simulation.spec import Simulation

TEAMS = ("Sales North", "Sales South", "Customer Success")
_KINDS = (("Webinar", "web", "webinar"), ("Trade fair", "meeting", "event"), ("Mailing", "email", "mailing"))


@dataclass(frozen=True)
class Company:
    """Users by task, and when each campaign ran."""

    tables: dict[str, pa.Table]
    sellers: int  # users 0 .. sellers-1 sell
    carers: int  # the next ones look after customers
    campaign_started: Ints
    campaign_ended: Ints

    def seller(self, random: np.random.Generator, rows: int) -> Ints:
        return random.integers(0, self.sellers, rows)

    def carer(self, random: np.random.Generator, rows: int) -> Ints:
        return self.sellers + random.integers(0, self.carers, rows)


def company(simulation: Simulation) -> Company:
    sellers = int(np.clip(simulation.contacts // 250, 4, 120))
    carers = max(2, sellers // 3)
    started, ended, campaigns = _campaigns(simulation)
    tables = {
        "teams": _teams(simulation),
        "users": _users(simulation, sellers, carers),
        "products": _products(simulation),
        "campaigns": campaigns,
    }
    return Company(tables, sellers, carers, started, ended)


def _begin(simulation: Simulation, rows: int) -> pa.Array:
    return instants(np.full(rows, simulation.start_us - 30 * DAY))


def _teams(simulation: Simulation) -> pa.Table:
    numbers = np.arange(len(TEAMS))
    return table(
        "teams", {"id": ids("teams", numbers), "name": list(TEAMS), "created_at": _begin(simulation, len(TEAMS))}
    )


def _users(simulation: Simulation, sellers: int, carers: int) -> pa.Table:
    numbers = np.arange(sellers + carers)
    team = np.where(numbers < sellers, numbers % 2, 2)
    label = pa.array([f"{'Seller' if n < sellers else 'Adviser'} {n + 1}" for n in numbers])
    return table(
        "users",
        {
            "id": ids("users", numbers),
            "name": label,
            "email": pa.array([f"user{n + 1}@company.example" for n in numbers]),
            "team_id": ids("teams", team),
            "created_at": _begin(simulation, len(numbers)),
        },
    )


def _products(simulation: Simulation) -> pa.Table:
    rows = len(words.PLANS)
    price = np.array(words.SEAT_PRICE) * 10_000
    return table(
        "products",
        {
            "id": ids("products", np.arange(rows)),
            "sku": pa.array([f"PLAN-{plan.upper()}" for plan in words.PLANS]),
            "name": list(words.PLANS),
            "family": constant("Planner", rows),
            "category": constant("subscription", rows),
            "tier": pa.array([str(n + 1) for n in range(rows)]),
            "list_price": money(price),
            "unit_cost": money(price // 5),
            "currency": constant(simulation.currency, rows),
            "created_at": _begin(simulation, rows),
        },
    )


def _campaigns(simulation: Simulation) -> tuple[Ints, Ints, pa.Table]:
    """One a month, turning through the kinds, each for three weeks; the newest two are still planned."""
    number = np.arange(26)
    started = simulation.start_us // DAY * DAY + number * 30 * DAY + 9 * HOUR
    ended = started + 21 * DAY
    kind = number % len(_KINDS)
    cost = (3_000 + 500 * (number % 5)) * 10_000
    announced = np.minimum(started - 20 * DAY, simulation.end_us - DAY)
    columns = {
        "id": ids("campaigns", number),
        "name": joined(picked([k[0] for k in _KINDS], kind), pa.array([f" {n + 1}" for n in number])),
        "channel": picked([k[1] for k in _KINDS], kind),
        "type": picked([k[2] for k in _KINDS], kind),
        "status": picked(("planned", "active", "completed"), _state(started, ended, simulation.end_us)),
        "started_at": instants(started),
        "ended_at": instants(ended),
        "budget": money(cost),
        "actual_cost": money(cost * 11 // 10, null=ended > simulation.end_us),
        "currency": constant(simulation.currency, len(number)),
        "created_at": instants(announced),
    }
    return started, np.where(ended > simulation.end_us, NEVER, ended), table("campaigns", columns)


def _state(started: Ints, ended: Ints, now: int) -> Ints:
    return (started <= now).astype(np.int64) + (ended <= now)
