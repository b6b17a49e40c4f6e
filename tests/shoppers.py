"""Customers whose habits are known: purchases drawn from MBG/NBD, amounts from Gamma-Gamma, contracts from sBG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.runner import Runner

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Of MBG/NBD (alpha in days) and Gamma-Gamma."""

    r: float = 0.8
    alpha: float = 40.0
    a: float = 0.6
    b: float = 2.0
    p: float = 5.0
    q: float = 4.0
    v: float = 20.0


def purchase_days(
    habits: Habits, customers: int, days: int, random: np.random.Generator
) -> tuple[list[list[int]], np.ndarray]:
    """Days of each customer's purchases, the first evenly over the first two thirds; and each one's spend rate."""
    told = []
    for _ in range(customers):
        at = random.uniform(0, days * 2 / 3)
        rate, leaving = random.gamma(habits.r) / habits.alpha, random.beta(habits.a, habits.b)
        mine = [int(at)]
        while random.random() >= leaving:
            at += random.exponential(1 / rate)
            if at >= days:
                break
            mine.append(int(at))
        told.append(mine)
    return told, random.gamma(habits.q, size=customers) / habits.v


def shoppers(
    runner: Runner, *, start: datetime, days: int, customers: int, seed: int, habits: Habits | None = None
) -> Snapshot:
    """A company of contacts and their orders over `days` from `start`, at noon UTC."""
    habits, random = habits or Habits(), np.random.default_rng(seed)
    bought, rates = purchase_days(habits, customers, days, random)
    orders = []
    for number, mine in enumerate(bought):
        for day in mine:
            amount = max(random.gamma(habits.p) / rates[number], 0.01)
            orders.append(order(f"c{number:05}", start + day * DAY + DAY / 2, amount, key=f"o{len(orders):06}"))
    contacts = [person(f"c{number:05}", start) for number in range(customers)]
    return company(runner, contacts=contacts, orders=orders)


def order(who: str, when: datetime, amount: float | None, *, key: str = "", **more: Any) -> dict[str, Any]:
    own = {"id": key or f"o-{who}-{when:%Y%m%d%H%M}", "contact_id": who, "ordered_at": when, "recorded_at": when}
    money = None if amount is None else Decimal(str(round(amount, 2)))
    return {**own, "created_at": when, "status": "paid", "amount": money, **more}


def person(key: str, since: datetime, **more: Any) -> dict[str, Any]:
    return {"id": key, "created_at": since, "recorded_at": since, **more}


def contract(key: str, who: str, start: datetime, **more: Any) -> dict[str, Any]:
    own = {"id": key, "contact_id": who, "started_at": start, "recorded_at": start, "created_at": start}
    return {**own, "plan": "Team", "monthly_amount": Decimal(100), **more}


def subscribers(
    runner: Runner, *, start: datetime, days: int, customers: int, seed: int, a: float = 0.8, b: float = 4.0
) -> Snapshot:
    """Contacts with a monthly contract each, begun evenly over the first half; each has its own chance to end."""
    random = np.random.default_rng(seed)
    contacts, contracts = [], []
    for number in range(customers):
        begun = start + int(random.integers(0, days // 2)) * DAY
        months = min(int(random.geometric(max(random.beta(a, b), 1e-9))), 600)
        ended = begun + timedelta(days=round(months * 30.4375))
        over = ended <= start + days * DAY
        who = f"c{number:05}"
        contacts.append(person(who, start))
        contracts.append(contract(f"k{number:05}", who, begun, ended_at=ended if over else None))
    return company(runner, contacts=contacts, contracts=contracts)


def company(runner: Runner, *, time_zone: str = "UTC", **tables: Sequence[dict[str, Any]]) -> Snapshot:
    arrow = {n: pa.Table.from_pylist(list(rows), schema=TABLES[n].arrow_schema) for n, rows in tables.items()}
    return Snapshot({name: runner.from_arrow(table) for name, table in arrow.items()}, time_zone=time_zone)
