"""Tiny companies for metric tests: tables written as rows, with instants as text."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import ibis.expr.types as ir
import pyarrow as pa

from drawn_marketing import fallen_back, with_marketing
from drawn_retention import with_retention
from drawn_sales import with_sales
from drawn_service import with_service
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES, Change, Type
from rapport.engine.runner import Runner

Row = Mapping[str, object]
Rows = Sequence[Row]
Company = Callable[..., Snapshot]


class CountingRunner:
    """A runner that counts how many queries it ran."""

    def __init__(self, runner: Runner) -> None:
        self.inner = runner
        self.name = runner.name
        self.queries = 0

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        self.queries += 1
        return self.inner.to_arrow(expression)

    def cache(self, expression: ir.Table) -> ir.Table:
        self.queries += 1
        return self.inner.cache(expression)

    def from_arrow(self, rows: pa.Table) -> ir.Table:
        return self.inner.from_arrow(rows)

    def view(self, expression: ir.Table) -> ir.Table:
        return self.inner.view(expression)

    def drop(self, view: ir.Table) -> None:
        self.inner.drop(view)

    def can(self, ability: str) -> bool:
        return self.inner.can(ability)

    def close(self) -> None:
        self.inner.close()


def utc(text: str) -> datetime:
    """`2024-03-30` or `2024-03-30 23:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def arrow_rows(table: str, rows: Rows) -> pa.Table:
    """Rows of a CRM table in its declared types. Ids not given are deal1, deal2, ..."""
    declared = TABLES[table]
    numbered = [{"id": f"{declared.entity}{i}", **row} for i, row in enumerate(rows, 1)]
    unknown = {name for row in numbered for name in row} - set(declared.columns)
    assert not unknown, f"{table} has no column {sorted(unknown)}"
    return pa.table(
        {
            name: pa.array([_typed(column.type, row.get(name)) for row in numbered], column.arrow_type)
            for name, column in declared.columns.items()
        }
    )


def changed(entity: str, entity_id: str, attribute: str, value: object, valid_from: str) -> Row:
    """A row of `attribute_history`."""
    return {
        "entity": entity,
        "entity_id": entity_id,
        "attribute": attribute,
        "value": None if value is None else str(value),
        "valid_from": valid_from,
        "recorded_at": valid_from,
    }


def drawn_tables(seed: int) -> dict[str, list[Row]]:
    """A company of about a year, drawn at random: every table that metrics read, with gaps and odd rows."""
    draw = random.Random(seed)
    contacts = [f"p{i}" for i in range(30)]
    accounts = [f"a{i}" for i in range(6)]
    tables: dict[str, list[Row]] = {
        "accounts": [{"id": a, "created_at": "2024-01-01", "industry": draw.choice(["it", "food"])} for a in accounts],
        "users": [{"id": u, "created_at": "2024-01-01", "team_id": t} for u, t in (("u1", "t1"), ("u2", "t2"))],
        "contacts": [_contact(draw, p, accounts) for p in contacts],
        "deals": [_deal(draw, i, contacts, accounts) for i in range(60)],
        "deal_stage_visits": [_visit(draw, i) for i in range(60)],
        "exchange_rates": [
            {"date": "2024-02-01", "currency": "USD", "per_base": "1.1"},
            {"date": "2024-07-01", "currency": "USD", "per_base": "1.25"},
        ],
        "orders": [_order(draw, i, contacts) for i in range(120)],
        "refunds": [
            {"order_id": f"o{i}", "amount": 5, "currency": "EUR", "refunded_at": _day(draw)} for i in range(0, 40, 4)
        ],
        "contracts": [{"account_id": draw.choice(accounts), "started_at": _day(draw)} for _ in range(4)],
        "campaigns": [_campaign(draw, i) for i in range(5)],
        "campaign_members": [_member(draw, i, contacts) for i in range(80)],
        "interactions": [_interaction(draw, i, contacts) for i in range(300)],
        "cases": [_case(draw, i, contacts) for i in range(80)],
        "case_events": [event for i in range(0, 80, 3) for event in _case_events(draw, i)],
        "survey_answers": [_answer(draw, i, contacts) for i in range(120)],
        "business_calendars": [
            {"name": "week", "time_zone": "Europe/Stockholm", "weekday": d, "opens": "09:00", "closes": "17:00"}
            for d in range(1, 6)
        ],
    }
    tables = with_retention(tables, seed)
    return with_service(with_marketing(with_sales(tables, seed), seed), seed)


def with_history(tables: Mapping[str, Sequence[Row]], seed: int) -> dict[str, list[Row]]:
    """The same company as an import leaves it, and then lived in: changes, re-openings, merges, machines found out."""
    draw = random.Random(seed)
    numbered = {
        name: [{"id": f"{TABLES[name].entity}{i}", **row} for i, row in enumerate(rows, 1)]
        for name, rows in tables.items()
    }
    history = [entry for name, rows in numbered.items() for row in rows for entry in _first_values(name, row)]
    for deal in numbered["deals"]:
        made = deal["created_at"]
        assert isinstance(made, datetime)
        history.append(_change(draw, "deal", deal, "amount", draw.choice([50, 75.5, None]), _later(draw, made, 200)))
        if draw.random() < 0.3:
            reopened = _later(draw, made, 200)
            history.append(_change(draw, "deal", deal, "status", "open", reopened))
            history.append(_change(draw, "deal", deal, "status", "lost", _later(draw, reopened, 60)))
    for contact in numbered["contacts"]:
        stage = draw.choice(["lead", "mql", "sql", "opportunity"])
        history.append(_change(draw, "contact", contact, "lifecycle_stage", stage, _moment(draw)))
    history += fallen_back()
    links = [
        {"entity": "contact", "from_id": f"p{20 + i}", "to_id": f"p{i}", "kind": "merge", "recorded_at": _moment(draw)}
        for i in range(4)
    ]
    flags = [
        {"interaction_id": f"i{i}", "flag": "bot", "value": draw.random() < 0.7, "recorded_at": _moment(draw)}
        for i in range(0, 300, 7)
    ]
    return {**numbered, "attribute_history": history, "identity_links": links, "interaction_flags": flags}


def _first_values(table: str, row: Row) -> list[Row]:
    """What an import records: each changeable value from the instant that dates the row on, closes from their own."""
    declared = TABLES[table]
    made = row.get(declared.occurred_at or "") or utc("2024-01-01")
    found = []
    for column in declared.changeable:
        value = row.get(column.name)
        if value is None or column.change is Change.MILESTONE:
            continue
        since = row.get("closed_at") if value in ("won", "lost") else made
        found.append(
            {
                "entity": declared.entity,
                "entity_id": row["id"],
                "attribute": column.name,
                "value": _text(value),
                "valid_from": since,
                "recorded_at": since,
            }
        )
    return found


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _change(draw: random.Random, entity: str, row: Row, attribute: str, value: object, since: datetime) -> Row:
    told = since + timedelta(hours=draw.randrange(48))
    text = None if value is None else str(value)
    return {
        "entity": entity,
        "entity_id": row["id"],
        "attribute": attribute,
        "value": text,
        "valid_from": since,
        "recorded_at": told,
    }


def _moment(draw: random.Random) -> datetime:
    return utc("2024-01-01") + timedelta(seconds=draw.randrange(366 * 86_400))


def _day(draw: random.Random) -> str:
    return _moment(draw).strftime("%Y-%m-%d %H:%M:%S")


def _later(draw: random.Random, start: datetime, days: int) -> datetime:
    return start + timedelta(seconds=draw.randrange(1, days * 86_400))


def _contact(draw: random.Random, contact: str, accounts: Sequence[str]) -> Row:
    return {
        "id": contact,
        "created_at": _moment(draw),
        "account_id": draw.choice([None, *accounts]),
        "lifecycle_stage": draw.choice([None, "visitor", "lead", "mql", "sql", "customer"]),
        "lead_source": draw.choice(["web", "fair", None]),
        "country": draw.choice(["SE", "NO", None]),
    }


def _deal(draw: random.Random, i: int, contacts: Sequence[str], accounts: Sequence[str]) -> Row:
    created = _moment(draw)
    status = draw.choice(["open", "won", "won", "lost"])
    return {
        "id": f"d{i}",
        "created_at": created,
        "status": status,
        "closed_at": None if status == "open" else _later(draw, created, 120),
        "amount": draw.choice([None, 100, 250.5, 1000]),
        "currency": draw.choice([None, "EUR", "USD", "GBP"]),
        "type": draw.choice([None, "new", "renewal"]),
        "lost_reason": draw.choice([None, "price", "Duplicate"]),
        "account_id": draw.choice([None, *accounts]),
        "contact_id": draw.choice([None, *contacts]),
        "owner_id": draw.choice(["u1", "u2", None]),
        "campaign_id": draw.choice([None, "c1", "c2"]),
        "probability": draw.choice([None, 0.2, 0.5, 7]),
        "expected_close_date": draw.choice([None, date(2024, 6, 1)]),
        "forecast_category": draw.choice([None, "pipeline", "omitted"]),
    }


def _visit(draw: random.Random, i: int) -> Row:
    entered = _moment(draw)
    left = draw.choice([None, _later(draw, entered, 60)])
    return {"deal_id": f"d{i}", "stage": draw.choice(["offer", "talk"]), "entered_at": entered, "left_at": left}


def _order(draw: random.Random, i: int, contacts: Sequence[str]) -> Row:
    return {
        "id": f"o{i}",
        "contact_id": draw.choice([None, *contacts]),
        "ordered_at": _moment(draw),
        "amount": draw.choice([None, 0, 5, 19.99, 40]),
        "currency": draw.choice([None, "EUR", "USD"]),
        "status": draw.choice([None, "paid", "paid", "cancelled", "refunded"]),
        "channel": draw.choice(["web", "store", None]),
        "campaign_id": draw.choice([None, "c1"]),
        "deal_id": draw.choice([None, None, "d1", "d2"]),
    }


def _campaign(draw: random.Random, i: int) -> Row:
    started = _moment(draw)
    return {
        "id": f"c{i}",
        "created_at": started,
        "started_at": started,
        "ended_at": draw.choice([None, _later(draw, started, 90)]),
        "status": draw.choice(["active", "completed", "cancelled", None]),
        "channel": draw.choice(["email", "mail"]),
    }


def _member(draw: random.Random, i: int, contacts: Sequence[str]) -> Row:
    sent = _moment(draw)
    return {
        "id": f"m{i}",
        "campaign_id": f"c{draw.randrange(5)}",
        "contact_id": draw.choice(contacts),
        "added_at": sent,
        "sent_at": draw.choice([None, sent]),
        "delivered_at": draw.choice([None, sent]),
        "responded_at": draw.choice([None, _later(draw, sent, 60)]),
        "is_holdout": draw.choice([None, False, True]),
    }


def _interaction(draw: random.Random, i: int, contacts: Sequence[str]) -> Row:
    return {
        "id": f"i{i}",
        "contact_id": draw.choice(contacts),
        "type": draw.choice(["page_view", "call", "email_open", "form_submit"]),
        "direction": draw.choice([None, "inbound", "outbound"]),
        "occurred_at": _moment(draw),
        "session_id": f"s{draw.randrange(40)}",
        "campaign_id": draw.choice([None, None, "c1", "c3"]),
        "outcome": draw.choice([None, "connected", "voicemail"]),
        "duration_s": draw.choice([None, 0, 60]),
        "message_id": f"msg{draw.randrange(400)}",
    }


def _case(draw: random.Random, i: int, contacts: Sequence[str]) -> Row:
    opened = _moment(draw)
    return {
        "id": f"k{i}",
        "contact_id": draw.choice(contacts),
        "opened_at": opened,
        "first_response_at": draw.choice([None, _later(draw, opened, 2)]),
        "solved_at": draw.choice([None, _later(draw, opened, 30)]),
        "closed_at": draw.choice([None, None, _later(draw, opened, 40)]),
        "type": draw.choice(["question", "complaint"]),
        "priority": draw.choice(["high", "low"]),
        "is_spam": draw.choice([None, False, False, True]),
        "owner_id": draw.choice(["u1", "u2"]),
    }


def _case_events(draw: random.Random, i: int) -> list[Row]:
    solved = _moment(draw)
    return [
        {"case_id": f"k{i}", "type": "solved", "occurred_at": solved},
        {"case_id": f"k{i}", "type": "reopened", "occurred_at": _later(draw, solved, 20)},
    ]


def _answer(draw: random.Random, i: int, contacts: Sequence[str]) -> Row:
    kind = draw.choice(["nps", "csat"])
    return {
        "id": f"n{i}",
        "kind": kind,
        "survey": draw.choice(["spring", "autumn", None]),
        "score": draw.randrange(11) if kind == "nps" else draw.randrange(1, 6),
        "scale_min": 0 if kind == "nps" else 1,
        "scale_max": 10 if kind == "nps" else 5,
        "contact_id": draw.choice([None, *contacts]),
        "answered_at": _moment(draw),
    }


def _typed(type_: Type, value: object) -> object:
    if isinstance(value, str) and type_ is Type.INSTANT:
        return utc(value)
    if isinstance(value, str) and type_ is Type.DATE:
        return date.fromisoformat(value)
    if type_ is Type.JSON and value is not None and not isinstance(value, str):
        return json.dumps(value)
    if type_ in (Type.MONEY, Type.SCORE) and value is not None:
        return Decimal(str(value))
    return value
