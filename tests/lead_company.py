"""A small company whose leads convert by rules that a test knows, without any history of changes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from crm_rows import at, snapshot
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner

NOW = at(2024, 6, 30)
CHANCES = {"referral": 0.5, "web": 0.1, "outbound": 0.05}
DAY = timedelta(days=1)


def lead_tables(
    count: int = 600,
    *,
    seed: int = 3,
    chances: Mapping[str, float] | None = None,
    properties: Callable[[dict[str, Any], datetime | None], Mapping[str, Any]] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Contacts of the last 400 days; each that buys orders once, up to 90 days later, sooner after looking at prices.

    Parameters: chances of ever buying by lead source; properties, of a contact and its order's instant (None: none).
    """
    draw = random.Random(seed)
    chances = chances if chances is not None else CHANCES
    contacts, orders, looks = [], [], []
    for n in range(count):
        source = draw.choice(sorted(CHANCES))
        created = NOW - timedelta(days=draw.uniform(1, 400))
        contact: dict[str, Any] = {"id": f"c{n:04}", "lead_source": source, "created_at": created}
        contact |= {"recorded_at": created, "country": draw.choice(("SE", "NO")), "email": f"p{n}@example.com"}
        bought = created + timedelta(days=draw.uniform(0, 90)) if draw.random() < chances.get(source, 0.0) else None
        for _ in range(draw.randrange(4)):
            looks.append(view_of(contact["id"], created + timedelta(days=draw.uniform(0, 60)), len(looks)))
        if bought is not None and bought < NOW:
            looks.append(view_of(contact["id"], max(created, bought - DAY), len(looks), page="/pricing"))
            orders.append({"id": f"o{n:04}", "contact_id": contact["id"], "ordered_at": bought, "recorded_at": bought})
        if properties is not None:
            contact["properties"] = json.dumps(dict(properties(contact, bought)))
        contacts.append(contact)
    return {"contacts": contacts, "orders": orders, "interactions": [x for x in looks if x["occurred_at"] < NOW]}


def view_of(who: str, when: datetime, number: int, *, page: str = "/") -> dict[str, Any]:
    own = {"id": f"i{number:05}", "contact_id": who, "type": "page_view", "url_path": page, "direction": "inbound"}
    return {**own, "occurred_at": when, "recorded_at": when}


def lead_company(runner: Runner, **how: Any) -> Snapshot:
    return snapshot(runner, **lead_tables(**how))
