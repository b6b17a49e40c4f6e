"""A company of 900 contacts over five quarters, whose deals come of pricing pages and directors, of nothing else."""

from datetime import datetime, timedelta

import numpy as np

from crm_rows import at, snapshot
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.spec import PointsDefinition

NOW = at(2026, 1, 1)
_START = at(2025, 1, 1)

DEFINITION = """
name: readiness
subject: contact
kind: points
range: [0, 100]
outcome: {event: deal_won, within_days: 60}
groups:
  who:
    type: fit
    criteria:
      - {name: title, points: {value: contact.title, map: {Director: 5, Intern: 5}, otherwise: 0}}
  what:
    type: engagement
    criteria:
      - {name: pricing, points: 5, per: {event: page_view, where: {field: url_path, is: /pricing}, within_days: 60}}
      - {name: news, points: {count: {event: email_click, within_days: 60}, ranges: [[1, 2, 10], [3, null, 30]]}}
      - {name: webinar, points: 20, once: {event: webinar}}
"""


def definition() -> PointsDefinition:
    """Points that think much of newsletters and webinars."""
    parsed = parse_definition(DEFINITION)
    assert isinstance(parsed, PointsDefinition)
    return parsed


def shop(runner: Runner, *, contacts: int = 900, seed: int = 4) -> Snapshot:
    """Each quarter a contact reads pricing 0 to 4 times and newsletters at random; in the weeks after, some buy."""
    rng = np.random.default_rng(seed)
    people, events, deals = [], [], []
    for number in range(contacts):
        key, title = f"c{number:04}", str(rng.choice(["Director", "Manager", "Intern"]))
        made = _START - timedelta(days=30)
        people.append({"id": key, "title": title, "created_at": made, "recorded_at": made})
        for quarter in range(6):
            begin = _START + timedelta(days=60 * quarter + 2)
            pricing, news = int(rng.integers(0, 5)), int(rng.integers(0, 5))
            events += [_event(key, "page_view", begin + _days(rng, 50), "/pricing") for _ in range(pricing)]
            events += [_event(key, "email_click", begin + _days(rng, 50), None) for _ in range(news)]
            if rng.random() < 0.02:
                events.append(_event(key, "webinar", begin + _days(rng, 50), None))
            if rng.random() < 1 / (1 + np.exp(4.5 - 0.8 * pricing - 1.5 * (title == "Director"))):
                won = begin + timedelta(days=61) + _days(rng, 40)
                deals.append(_deal(key, len(deals), won))
    rows = {"contacts": people, "interactions": _numbered(events), "deals": [d for d in deals if d["closed_at"] < NOW]}
    return snapshot(runner, **rows)


def _days(rng: np.random.Generator, most: float) -> timedelta:
    return timedelta(days=float(rng.random() * most))


def _event(contact: str, kind: str, when: datetime, path: str | None) -> dict[str, object]:
    return {"contact_id": contact, "type": kind, "occurred_at": when, "recorded_at": when, "url_path": path}


def _numbered(events: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{"id": f"e{n}", **event} for n, event in enumerate(events)]


def _deal(contact: str, number: int, won: datetime) -> dict[str, object]:
    made = won - timedelta(days=1)
    return {
        "id": f"d{number}",
        "contact_id": contact,
        "status": "won",
        "created_at": made,
        "closed_at": won,
        "recorded_at": made,
    }
