"""Rows that marketing metrics read, drawn at random for the drawn company: mails, permissions, costs, products."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

Row = Mapping[str, object]
_START = datetime(2024, 1, 1, tzinfo=UTC)


def with_marketing(tables: Mapping[str, Sequence[Row]], seed: int) -> dict[str, list[Row]]:
    """The company with what its marketing did; every row of before stays as it is."""
    draw = random.Random(seed + 1)
    contacts = [str(row["id"]) for row in tables["contacts"]]
    more: dict[str, list[Row]] = {
        "contacts": [*_referred(draw, contacts), *_web_leads(draw)],
        **_assortment(draw, [str(order["id"]) for order in tables["orders"]]),
        **_offers(draw),
        "contracts": _growing(),
        "orders": [*_buyers_of_more(), *_referred_buyers()],
        "interactions": [*_mails(draw, contacts), *_visits(draw), *_inquiries(draw, contacts)],
        "consents": [_consent(draw, contacts) for _ in range(80)],
        "costs": [*_salaries(), *(_cost(draw) for _ in range(40))],
    }
    return {name: [*tables.get(name, ()), *more.get(name, ())] for name in {**tables, **more}}


def _moment(draw: random.Random) -> datetime:
    return _START + timedelta(seconds=draw.randrange(366 * 86_400))


def _mails(draw: random.Random, contacts: Sequence[str]) -> list[Row]:
    """Mails with and without message ids and campaigns, and what came of them, some of it twice or too late."""
    rows: list[Row] = []
    for i in range(150):
        sent, contact, campaign = _moment(draw), draw.choice(contacts), draw.choice([None, "c1", "c2"])
        message = draw.choice([None, f"mail{i}"])
        mail = {"contact_id": contact, "campaign_id": campaign, "message_id": message}
        rows.append({**mail, "id": f"mail{i}", "type": "email_sent", "occurred_at": sent})
        for n in range(draw.randrange(4)):
            happened = draw.choice(
                ["email_open", "email_open", "email_click", "email_bounce", "unsubscribe", "email_spam"]
            )
            rows.append(
                {
                    **mail,
                    "id": f"mail{i}_{n}",
                    "type": happened,
                    "occurred_at": sent + timedelta(seconds=draw.choice([1, 600, 5 * 86_400, 9 * 86_400])),
                    "outcome": draw.choice(["hard", "soft"]) if happened == "email_bounce" else None,
                }
            )
    return rows


def _consent(draw: random.Random, contacts: Sequence[str]) -> Row:
    return {
        "contact_id": draw.choice(contacts),
        "purpose": draw.choice(["news", "offers"]),
        "channel": draw.choice([None, "email", "phone"]),
        "granted": draw.random() < 0.7,
        "decided_at": _moment(draw),
        "method": draw.choice([None, "form", "double_opt_in", "cleaned"]),
    }


def _salaries() -> list[Row]:
    """Sales and marketing from before the year until after it."""
    run = {"period_start": date(2023, 7, 1), "period_end": date(2025, 6, 30), "created_at": _START}
    return [{**run, "category": c, "amount": a, "currency": "EUR"} for c, a in (("sales", 70_000), ("marketing", 5000))]


def _cost(draw: random.Random) -> Row:
    """A bill for some days, with or without currency, campaign and days."""
    made = _moment(draw)
    start = draw.choice([None, made.date(), made.date() - timedelta(days=draw.randrange(60))])
    return {
        "created_at": made,
        "category": draw.choice(["media", "marketing", "sales", "service"]),
        "amount": draw.choice([100, 333.33, 1000]),
        "currency": draw.choice([None, "EUR", "USD", "GBP"]),
        "campaign_id": draw.choice([None, "c1", "c2", "c3"]),
        "period_start": start,
        "period_end": draw.choice([None, start + timedelta(days=draw.randrange(90))]) if start else None,
    }


def _referred(draw: random.Random, contacts: Sequence[str]) -> list[Row]:
    return [
        {
            "id": f"ref{i}",
            "created_at": _START + timedelta(days=40 * i),
            "referred_by_contact_id": draw.choice(contacts),
        }
        for i in range(8)
    ]


def _referred_buyers() -> list[Row]:
    bought = _START + timedelta(days=330)
    return [{"id": f"or{i}", "contact_id": f"ref{i}", "ordered_at": bought, "amount": 9} for i in range(8)]


def _web_leads(draw: random.Random) -> list[Row]:
    return [{"id": f"web{i}", "created_at": _moment(draw), "lifecycle_stage": "lead"} for i in range(6)]


def _visits(draw: random.Random) -> list[Row]:
    """Pages seen by people unknown and known."""
    return [
        {
            "id": f"view{i}",
            "type": "page_view",
            "occurred_at": _moment(draw),
            "contact_id": draw.choice([None, f"web{i % 6}"]),
            "anonymous_id": draw.choice([None, f"cookie{i % 9}"]),
            "session_id": draw.choice([None, f"visit{i % 25}"]),
            "url_path": draw.choice(["/", "/prices", None]),
        }
        for i in range(80)
    ]


def _inquiries(draw: random.Random, contacts: Sequence[str]) -> list[Row]:
    return [
        {
            "id": f"asked{i}",
            "type": draw.choice(["chat", "call", "form_submit"]),
            "direction": draw.choice(["inbound", "inbound", None, "outbound"]),
            "occurred_at": _moment(draw),
            "contact_id": draw.choice(contacts),
        }
        for i in range(30)
    ]


def fallen_back() -> list[Row]:
    """Stages of people who qualified, fell back and qualified again."""
    return [
        {
            "entity": "contact",
            "entity_id": f"web{i}",
            "attribute": "lifecycle_stage",
            "value": stage,
            "valid_from": _START + timedelta(days=day + i),
            "recorded_at": _START + timedelta(days=day + i),
        }
        for i in range(4)
        for stage, day in (("mql", 20), ("lead", 80), ("sql", 140))
    ]


def _assortment(draw: random.Random, orders: Sequence[str]) -> dict[str, list[Row]]:
    """Products of three families and of none, and lines of the orders drawn and of those who bought more."""
    products: list[Row] = [
        {
            "id": f"pr{i}",
            "created_at": "2023-01-01",
            "family": ("seats", "desks", "lamps", None)[i // 2],
            "tier": ("basic", "pro")[i % 2],
            "list_price": (10, 25)[i % 2],
        }
        for i in range(8)
    ]
    lines = [_line(order, draw.randrange(8), draw.choice([None, 5, 12.5])) for order in orders for _ in range(2)]
    lines += [_line(f"more{i}_{n}", product, 7) for i in range(6) for n, product in enumerate((0, 2 if i % 2 else 1))]
    return {"products": products, "order_lines": [{**line, "id": f"line{i}"} for i, line in enumerate(lines)]}


def _line(order: str, product: int, price: float | None) -> Row:
    return {"order_id": order, "product_id": f"pr{product}", "quantity": 2, "unit_price": price, "created_at": _START}


def _buyers_of_more() -> list[Row]:
    """Two orders each, the second of another family or of a higher tier."""
    return [
        {"id": f"more{i}_{n}", "contact_id": f"more{i}", "ordered_at": _START + timedelta(days=day + i), "amount": 14}
        for i in range(6)
        for n, day in enumerate((20, 90))
    ]


def _growing() -> list[Row]:
    """Contracts of customers who take more units of what they have, and of one whose price rose."""
    since, later = "2023-02-01", "2024-06-01"
    more = [
        {"account_id": f"grow{i}", "started_at": at, "monthly_amount": 30, "quantity": 3, "product_id": "pr0"}
        for i in range(2)
        for at in (since, later)
    ]
    dear = {"account_id": "dear", "plan": "basic", "quantity": 1, "product_id": "pr2"}
    more.append({**dear, "started_at": since, "ended_at": later, "monthly_amount": 30})
    more.append({**dear, "started_at": later, "monthly_amount": 33})
    return [{**row, "id": f"growing{i}"} for i, row in enumerate(more)]


def _offers(draw: random.Random) -> dict[str, list[Row]]:
    deals: list[Row] = []
    proposals: list[Row] = []
    for i in range(20):
        sent = _moment(draw)
        kind = ("cross_sell", "up_sell")[i % 2]
        deals.append({"id": f"more_of{i}", "created_at": sent, "status": "open", "type": kind, "account_id": "a1"})
        accepted = draw.choice([None, sent + timedelta(days=draw.randrange(1, 150))])
        proposals.append(
            {
                "id": f"offer{i}",
                "created_at": sent,
                "deal_id": f"more_of{i}",
                "number": "1",
                "sent_at": sent,
                "accepted_at": accepted,
            }
        )
    return {"deals": deals, "proposals": proposals}
