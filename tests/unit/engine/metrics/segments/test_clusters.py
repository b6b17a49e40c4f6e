"""Groups that behave alike, found in the tables of a company, described, and frozen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score

from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics.segments.behaviour import behaviour
from rapport.engine.metrics.segments.clusters import Grouping, find_groups, placed
from rapport.engine.metrics.segments.naming import Trait, description, names_of
from rapport.engine.statistics.clusters.model import Clusters
from tiny_company import Rows, arrow_rows, utc

NOW = utc("2025-01-31")


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


def snapshot(engine: DuckdbRunner, **tables: Rows) -> Snapshot:
    made = {name: engine.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
    return Snapshot(made, time_zone="UTC", currency="EUR")


def order(contact: str, day: str, amount: float, **more: object) -> dict[str, object]:
    return {"contact_id": contact, "ordered_at": day, "amount": amount, "currency": "EUR", "status": "paid", **more}


class TestBehaviour:
    def test_is_measured_over_the_year_before_as_known_then(self, engine: DuckdbRunner) -> None:
        crm = snapshot(
            engine,
            contacts=[{"id": "ann", "created_at": "2023-01-31"}, {"id": "bo", "created_at": "2024-01-01"}],
            orders=[
                order("ann", "2023-06-01", 500, id="o1", channel="web"),
                order("ann", "2025-01-21", 100, id="o2", channel="web"),
                order("ann", "2025-01-01", 50, id="o3", channel="store"),
                order("ann", "2025-01-02", 70, id="o4", channel="store", status="cancelled"),
                order("ann", "2025-03-01", 900, id="o5", channel="store"),
            ],
            order_lines=[
                {"order_id": "o2", "product_id": "boot"},
                {"order_id": "o2", "product_id": "hat"},
                {"order_id": "o3", "product_id": "boot"},
            ],
            products=[{"id": "boot", "family": "Shoes"}, {"id": "hat", "family": "Hats"}],
            interactions=[
                {"contact_id": "ann", "type": "call", "channel": "phone", "occurred_at": "2025-01-05"},
                {"contact_id": "ann", "type": "page_view", "channel": "web", "occurred_at": "2025-01-05"},
                {
                    "contact_id": "ann",
                    "type": "call",
                    "channel": "phone",
                    "direction": "outbound",
                    "occurred_at": "2025-01-06",
                },
            ],
            cases=[{"contact_id": "ann", "opened_at": "2025-01-10"}],
        )
        found = behaviour(as_known(crm, NOW), subject="contact", runner=engine)
        rows = engine.to_arrow(found.rows).to_pylist()
        assert [row["subject_id"] for row in rows] == ["ann"]  # Bo did nothing
        ann = rows[0]
        expected = {"recency": 10.0, "frequency": 2.0, "monetary": 150.0, "basket": 75.0, "tenure": 731.0}
        expected |= {"contacts": 2.0, "service": 1.0, "channel:phone": 0.5, "channel:web": 0.5, "channel:email": 0.0}
        expected |= {"ordered:web": 0.5, "ordered:store": 0.5, "family:Shoes": 2 / 3, "family:Hats": 1 / 3}
        assert {name: ann[name] for name in expected} == pytest.approx(expected)

    def test_tells_only_what_there_is(self, engine: DuckdbRunner) -> None:
        crm = snapshot(
            engine, contacts=[{"id": "ann", "created_at": "2024-12-31"}], orders=[order("ann", "2025-01-21", 9)]
        )
        found = behaviour(as_known(crm, NOW), subject="contact", runner=engine)
        assert set(found.names) == {"recency", "frequency", "monetary", "basket", "tenure"}
        again = behaviour(
            as_known(crm, NOW), subject="contact", runner=engine, names=("frequency", "service", "channel:web")
        )
        assert engine.to_arrow(again.rows).to_pylist() == [
            {"subject_id": "ann", "frequency": 1.0, "service": None, "channel:web": None}
        ]


@pytest.fixture(scope="module")
def kinds() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 2, 200)


@pytest.fixture(scope="module")
def view(engine: DuckdbRunner, kinds: np.ndarray) -> AsOf:
    """Two kinds of shoppers: of a few large orders in stores, and of many small ones on the web."""
    draw = np.random.default_rng(7)
    orders = []
    for number, kind in enumerate(kinds):
        for _ in range(int(draw.integers(12, 25) if kind else draw.integers(3, 6))):
            at = NOW - timedelta(hours=int(draw.integers(1, 24 * (40 if kind else 340))))
            web = bool(kind)
            amount = round(float(np.exp(draw.normal(3 if kind else 5.5, 0.3))), 2)
            orders.append(
                order(f"p{number:03}", str(at.replace(tzinfo=None)), amount, channel="web" if web else "store")
            )
    people = [{"id": f"p{n:03}", "created_at": "2022-01-01"} for n in range(len(kinds))]
    people.append({"id": "idle", "created_at": "2022-01-01"})
    return as_known(snapshot(engine, contacts=people, orders=orders), NOW)


@pytest.fixture(scope="module")
def grouping(view: AsOf, engine: DuckdbRunner) -> Grouping:
    return find_groups(view, subject="contact", runner=engine)


def test_planted_kinds_are_found_and_told_in_words(grouping: Grouping) -> None:
    assert (grouping.active, grouping.sampled, len(grouping.groups)) == (200, 200, 2)
    frequent = next(g for g in grouping.groups if any(t.name == "frequency" and t.effect > 0 for t in g.traits))
    assert "buy often" in frequent.description.lower()
    assert "fill small baskets" in frequent.description.lower()
    assert "purchases a year; others 4" in frequent.description
    assert len({g.name for g in grouping.groups}) == 2
    assert sum(g.size for g in grouping.groups) == 200


def test_everyone_active_is_placed_by_the_frozen_centroids(
    grouping: Grouping, view: AsOf, engine: DuckdbRunner, kinds: np.ndarray
) -> None:
    assert grouping.model is not None
    model = Clusters.from_document(grouping.model.to_document())
    rows = engine.to_arrow(placed(model, grouping.names, view, subject="contact", runner=engine)).sort_by("subject_id")
    assert rows["subject_id"].to_pylist() == [f"p{n:03}" for n in range(200)]
    assert adjusted_rand_score(kinds, rows["cluster"].to_pylist()) > 0.95


def test_nobody_is_placed_where_nothing_is_known(grouping: Grouping, engine: DuckdbRunner) -> None:
    assert grouping.model is not None
    crm = as_known(snapshot(engine, contacts=[{"id": "ann", "created_at": "2024-01-01"}]), NOW)
    rows = engine.to_arrow(placed(grouping.model, grouping.names, crm, subject="contact", runner=engine))
    assert rows.schema.field("cluster").type == pa.int64()
    assert len(rows) == 0


def test_names_differ_and_descriptions_say_more_and_less() -> None:
    def trait(name: str, effect: float, here: float | None = 5.0, elsewhere: float | None = 1.0) -> Trait:
        return Trait(name=name, effect=effect, here=here, elsewhere=elsewhere)

    often = (trait("frequency", 1.2), trait("monetary", 1.0), trait("basket", 0.9), trait("family:Shoes", 0.85))
    assert names_of([often, often, often, ()]) == [
        "Frequent, big spenders",
        "Frequent, big spenders, Shoes buyers",
        "Frequent, big spenders (3)",
        "Average",
    ]
    assert description(often[:2], currency="EUR") == (
        "Buy often (5 purchases a year; others 1), spend much (5 EUR; others 1 EUR)."
    )
    quiet = (trait("channel:email", -0.9, 0.1, 0.456), trait("recency", 0.1))
    assert description(quiet, currency="EUR") == "Are in touch little by email (10%; others 46%)."
    assert description((), currency="EUR") == "Much like everybody else."
