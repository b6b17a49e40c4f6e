"""Segments have the same members, differences and groups on every engine, and metrics are told by them alike."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from parity.alike import differences
from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.spark import SparkRunner
from rapport.engine.metrics.segments.clusters import find_groups, placed
from rapport.engine.metrics.segments.distinguishing import distinguishing
from rapport.engine.metrics.segments.members import members
from rapport.engine.metrics.segments.spec import parse_segment
from rapport.engine.runner import Runner
from tiny_company import Row, arrow_rows, changed, utc

pytestmark = pytest.mark.slow

NOW = utc("2025-01-31")
PEOPLE = [f"p{i:03}" for i in range(120)]
OFTEN = frozenset(PEOPLE[:50])  # buy small things on the web; the others, seldom and dearly in stores
SEGMENTS = [
    "{subject: contact, when: {all: [{field: contact.country, is: SE}, {field: account.employees, at_least: 50}]},"
    " did: [{event: page_view, where: {field: url_path, starts_with: /pricing}, within_days: 200, times: 2}]}",
    "{subject: contact, scores: [{score: fit, bands: [A, B], at_least: 40.5}]}",
    "{subject: contact, when: {segment: loyal}}",
    "{subject: account, when: {field: account.employees, at_least: 50}, did: [{event: page_view, times: 10}]}",
]


def company(runner: Runner) -> AsOf:
    draw = random.Random(3)
    history = [changed("account", f"a{i}", "employees", 20 * i, "2023-01-01") for i in range(6)]
    orders: list[Row] = []
    views: list[Row] = []
    scores: list[Row] = []
    for person in PEOPLE:
        often = person in OFTEN
        country = "SE" if draw.random() < (0.9 if often else 0.2) else "NO"
        history.append(changed("contact", person, "country", country, "2023-01-01"))
        history.append(changed("contact", person, "account_id", f"a{draw.randrange(6)}", "2023-01-01"))
        for _ in range(draw.randint(10, 16) if often else draw.randint(2, 4)):
            day = NOW - timedelta(hours=draw.randrange(1, 24 * (40 if often else 340)))
            amount = round(draw.lognormvariate(3 if often else 5.5, 0.3), 2)
            made = {"contact_id": person, "ordered_at": day, "amount": amount, "currency": "EUR", "status": "paid"}
            orders.append({**made, "channel": "web" if often else "store"})
        for _ in range(draw.randrange(4)):
            path = draw.choice(["/pricing", "/pricing/team", "/jobs"])
            day = NOW - timedelta(days=draw.randrange(300))
            views.append({"contact_id": person, "type": "page_view", "url_path": path, "occurred_at": day})
        for day in ("2024-06-01", "2025-01-01"):
            value = draw.randrange(100)
            told = {"score": "fit", "subject": "contact", "subject_id": person, "as_of": day, "computed_at": day}
            scores.append({**told, "recorded_at": day, "value": value, "band": "ABCD"[3 - value // 25]})
    stays = [
        {"segment": "loyal", "subject": "contact", "subject_id": p, "entered_at": "2024-03-01", "left_at": left}
        for p, left in zip(PEOPLE[::3], ["2024-09-01", None] * 20, strict=True)
    ]
    tables: dict[str, list[Row]] = {
        "contacts": [{"id": p, "created_at": "2022-01-01"} for p in PEOPLE],
        "accounts": [{"id": f"a{i}", "created_at": "2022-01-01"} for i in range(6)],
        "attribute_history": history,
        "orders": orders,
        "interactions": views,
        "score_values": scores,
        "segment_memberships": [{**stay, "recorded_at": "2024-03-01"} for stay in stays],
    }
    made_tables = {name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
    return as_known(Snapshot(made_tables, time_zone="Europe/Stockholm", currency="EUR"), NOW)


def test_members(runner: DuckdbRunner, spark: SparkRunner) -> None:
    here, there = company(runner), company(spark)
    for text in SEGMENTS:
        segment = parse_segment(text)
        found = [
            sorted(on.to_arrow(members(segment, view, runner=on))["subject_id"].to_pylist())
            for on, view in ((runner, here), (spark, there))
        ]
        assert found[0] == found[1], text
        assert found[0], text


def test_what_distinguishes_a_segment(runner: DuckdbRunner, spark: SparkRunner) -> None:
    here, there = (distinguishing(sorted(OFTEN), company(on), subject="contact", runner=on) for on in (runner, spark))
    assert differences(here, there) == []
    assert len(here.told) > 2


def test_groups_that_behave_alike(runner: DuckdbRunner, spark: SparkRunner) -> None:
    told = []
    for on in (runner, spark):
        view = company(on)
        found = find_groups(view, subject="contact", runner=on)
        assert found.model is not None
        rows = on.to_arrow(placed(found.model, found.names, view, subject="contact", runner=on)).to_pylist()
        told.append((found, sorted((row["subject_id"], row["cluster"]) for row in rows)))
    assert differences(told[0], told[1]) == []
    assert len(told[0][0].groups) == 2
