"""What tells a segment from the rest of a company."""

from __future__ import annotations

import random

import pytest

from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics.segments.distinguishing import distinguishing
from tiny_company import arrow_rows, changed, utc

NOW = utc("2025-01-31")
MEMBERS = [f"p{i:03}" for i in range(100)]
OTHERS = [f"p{i:03}" for i in range(100, 300)]


@pytest.fixture
def view(runner: DuckdbRunner) -> AsOf:
    """Members are of Sweden four times in five and buy for more; where they came from is chance."""
    draw = random.Random(3)
    history, orders = [], []
    for person in (*MEMBERS, *OTHERS):
        inside = person in MEMBERS
        country = "SE" if draw.random() < (0.8 if inside else 0.3) else "NO"
        history.append(changed("contact", person, "country", country, "2024-01-01"))
        history.append(changed("contact", person, "lead_source", draw.choice(["web", "fair"]), "2024-01-01"))
        if draw.random() < 0.9:
            amount = round(draw.lognormvariate(6 if inside else 4, 0.5), 2)
            order = {"contact_id": person, "ordered_at": "2024-12-01", "amount": amount, "status": "paid"}
            orders.append({**order, "currency": "EUR"})
    tables = {
        "contacts": [{"id": p, "created_at": "2024-01-01"} for p in (*MEMBERS, *OTHERS)],
        "attribute_history": history,
        "orders": orders,
    }
    made = {name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
    return as_known(Snapshot(made, time_zone="UTC", currency="EUR"), NOW)


def test_what_differs_comes_first_and_what_does_not_is_left_out(view: AsOf, runner: DuckdbRunner) -> None:
    found = distinguishing(MEMBERS, view, subject="contact", runner=runner, ruled=("contact.country",))
    assert (found.members, found.others) == (100, 200)
    assert [t.found.attribute for t in found.told[:2]] == ["basket", "monetary"]
    attributes = {t.found.attribute for t in found.told}
    assert attributes == {"monetary", "basket", "contact.country"}
    country = next(t for t in found.told if t.found.level == "SE")
    assert country.by_rule
    assert country.heading == "Country: SE"
    assert country.words.startswith("Country: SE: much more often (")
    assert not found.told[0].by_rule
    assert found.told[0].words.startswith("Mean purchase: much higher (")
    assert "EUR" in found.told[0].here
    assert found.looked_at > len(found.told)


def test_a_segment_of_nobody_or_of_all_differs_in_nothing(view: AsOf, runner: DuckdbRunner) -> None:
    assert distinguishing([], view, subject="contact", runner=runner).told == ()
    assert distinguishing([*MEMBERS, *OTHERS], view, subject="contact", runner=runner).told == ()
