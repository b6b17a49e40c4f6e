"""The simulated company: repeatable, whole, at its stated rates, and with a truth that shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.simulation import Simulation, simulate, truth, write_parquet
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMALL = Simulation(end=END, contacts=3_000, interactions=45_000, seed=7)


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return simulate(SMALL)


def asked(tables: dict[str, pa.Table], query: str) -> list[Any]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        for name, rows in tables.items():
            connection.register(name, rows)
        return connection.execute(query).fetchall()


class TestRepeatable:
    def test_the_same_seed_gives_the_same_rows(self, tables: dict[str, pa.Table]) -> None:
        again = simulate(SMALL)
        assert again.keys() == tables.keys()
        assert all(again[name].equals(tables[name]) for name in tables)

    def test_another_seed_gives_other_rows(self, tables: dict[str, pa.Table]) -> None:
        assert not simulate(replace(SMALL, seed=8))["deals"].equals(tables["deals"])

    def test_files_hold_the_rows_of_memory(self, tmp_path: Path) -> None:
        parted = replace(SMALL, chunks=3)
        counts = write_parquet(parted, tmp_path)
        whole = simulate(parted)
        assert counts == {name: len(rows) for name, rows in whole.items()}
        assert len(list((tmp_path / "interactions").iterdir())) == 3
        assert pq.read_table(tmp_path / "interactions").equals(whole["interactions"])
        assert len(pq.read_table(tmp_path / "truth.parquet")) == 3_000

    def test_an_end_without_a_zone_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="time zone"):
            Simulation(end=datetime(2026, 3, 1))  # noqa: DTZ001 -- the point of the test


class TestWhole:
    def test_columns_are_those_declared_in_type_and_order(self, tables: dict[str, pa.Table]) -> None:
        for name, rows in tables.items():
            declared = TABLES[name].arrow_schema
            assert rows.schema == pa.schema([f for f in declared if f.name in rows.column_names]), name

    def test_ids_are_unique(self, tables: dict[str, pa.Table]) -> None:
        for name in tables:
            [(rows, ids)] = asked(tables, f"SELECT count(*), count(DISTINCT id) FROM {name}")
            assert rows == ids > 0, name

    def test_every_reference_leads_to_a_row(self, tables: dict[str, pa.Table]) -> None:
        checked = 0
        for name, rows in tables.items():
            for column in TABLES[name].columns.values():
                if column.refers_to in tables and column.name in rows.column_names:
                    query = (
                        f"SELECT count(*) FROM {name} WHERE {column.name} NOT IN (SELECT id FROM {column.refers_to})"
                    )
                    assert asked(tables, query) == [(0,)], (name, column.name)
                    checked += 1
        assert checked > 25

    def test_choices_are_allowed_ones(self, tables: dict[str, pa.Table]) -> None:
        for name, rows in tables.items():
            for column in TABLES[name].columns.values():
                if column.choices and column.name in rows.column_names:
                    found = set(rows[column.name].drop_null().to_pylist())
                    assert found <= set(column.choices), (name, column.name)

    def test_nothing_happened_after_the_end_or_before_it_could(self, tables: dict[str, pa.Table]) -> None:
        end = END.isoformat()
        for name, rows in tables.items():
            dated = TABLES[name].occurred_at
            for column in {dated, "recorded_at"} & set(rows.column_names):
                assert asked(tables, f"SELECT count(*) FROM {name} WHERE {column} > '{end}'") == [(0,)], (name, column)
        early = """SELECT count(*) FROM interactions i JOIN contacts c ON c.id = i.contact_id
                   WHERE i.occurred_at < c.created_at"""
        assert asked(tables, early) == [(0,)]
        assert asked(tables, "SELECT count(*) FROM deal_stage_visits WHERE left_at < entered_at") == [(0,)]
        assert asked(tables, "SELECT count(*) FROM deals WHERE closed_at < created_at") == [(0,)]

    def test_interactions_are_sorted_by_contact_and_time(self, tables: dict[str, pa.Table]) -> None:
        rows = tables["interactions"]
        key = list(zip(rows["contact_id"].to_pylist(), rows["occurred_at"].cast(pa.int64()).to_pylist(), strict=True))
        assert key == sorted(key)

    def test_an_order_comes_to_the_sum_of_its_lines(self, tables: dict[str, pa.Table]) -> None:
        query = """SELECT count(*), count(*) FILTER (o.amount = l.quantity::DECIMAL(18,0) * l.unit_price - l.discount)
                   FROM orders o JOIN order_lines l ON l.order_id = o.id"""
        [(orders, equal)] = asked(tables, query)
        assert orders == equal > 100


class TestHistory:
    def test_the_views_of_the_end_show_the_rows_own_values(
        self, tables: dict[str, pa.Table], runner: DuckdbRunner
    ) -> None:
        snapshot = Snapshot({name: runner.from_arrow(rows) for name, rows in tables.items()})
        wanted = {
            "contacts": ["lifecycle_stage", "title", "owner_id"],
            "deals": ["stage", "status", "amount", "probability", "lost_reason", "expected_close_date"],
            "accounts": ["type", "employees", "annual_revenue"],
            "campaign_members": ["status"],
            "campaigns": ["status", "actual_cost", "started_at"],
            "cases": ["status", "priority", "is_spam"],
            "contracts": ["cancel_reason", "renewed_by_contract_id"],
        }
        for name, columns in wanted.items():
            seen = as_known(snapshot, END).table(name, needed_by="a test", columns=columns)
            found = runner.to_arrow(seen.select("id", *columns).order_by("id"))
            own = tables[name].select(["id", *columns]).sort_by("id")
            assert found.to_pylist() == own.to_pylist(), name

    def test_a_deal_won_today_was_open_before(self, tables: dict[str, pa.Table], runner: DuckdbRunner) -> None:
        snapshot = Snapshot({name: runner.from_arrow(rows) for name, rows in tables.items()})
        before = datetime(2025, 9, 1, tzinfo=UTC)
        deals = runner.to_arrow(as_known(snapshot, before).table("deals", needed_by="a test", columns=["status"]))
        closed = f"""SELECT count(*) FILTER (closed_at > '{before}' OR closed_at IS NULL), count(*)
                     FROM deals WHERE created_at <= '{before}'"""
        [(still_open, known)] = asked(tables, closed)
        assert len(deals) == known
        assert deals["status"].to_pylist().count("open") == still_open > 0

    def test_it_can_be_left_out(self) -> None:
        assert "attribute_history" not in simulate(replace(SMALL, contacts=50, interactions=200, history=False))


class TestRates:
    def test_size_is_near_what_was_asked(self, tables: dict[str, pa.Table]) -> None:
        assert len(tables["contacts"]) == 3_000
        assert len(tables["interactions"]) == pytest.approx(45_000, rel=0.06)

    def test_rows_grow_with_the_size(self, tables: dict[str, pa.Table]) -> None:
        triple = simulate(replace(SMALL, contacts=9_000, interactions=135_000, history=False))
        for name in ("interactions", "deals", "cases", "campaign_members"):
            assert len(triple[name]) == pytest.approx(3 * len(tables[name]), rel=0.15), name

    def test_as_many_win_as_the_truth_says(self) -> None:
        why = truth(replace(SMALL, contacts=40_000))
        chance, wins = why["won_prob"].to_numpy(), why["wins"].to_numpy(zero_copy_only=False)
        error = np.sqrt((chance * (1 - chance)).sum())
        assert abs(wins.sum() - chance.sum()) < 4 * error
        for low, high in ((0, 0.03), (0.03, 0.1), (0.1, 0.3), (0.3, 1)):
            band = (chance >= low) & (chance < high)
            assert abs(wins[band].mean() - chance[band].mean()) < 4 * np.sqrt(chance[band].mean() / band.sum())

    def test_the_terms_add_up_to_the_logit(self) -> None:
        why = truth(SMALL)
        names = why.column_names[1 : why.column_names.index("intent_level")]
        assert np.allclose(sum(why[n].to_numpy() for n in names), why["logit"].to_numpy())
        assert np.allclose(why["intent"].to_numpy(), SMALL.truth.intent_weight * why["intent_level"].to_numpy())

    def test_drift_raises_the_late_ones_only_by_its_rate(self) -> None:
        drifted, level = truth(replace(SMALL, drift=0.5)), truth(SMALL)
        change = drifted["logit"].to_numpy() - level["logit"].to_numpy()
        assert change.min() == pytest.approx(-0.5, abs=0.02)
        assert change.max() == pytest.approx(0.5, abs=0.02)

    def test_machines_make_the_stated_share_of_opens(self) -> None:
        tables = simulate(replace(SMALL, interactions=200_000, history=False))
        query = "SELECT count(*) FROM interaction_flags WHERE flag = 'machine_open'"
        sent = asked(tables, "SELECT count(*) FROM interactions WHERE type = 'email_sent'")[0][0]
        expected = SMALL.truth.bot_share * SMALL.truth.mail_opened * sent
        assert asked(tables, query)[0][0] == pytest.approx(expected, rel=0.12)

    def test_weekends_are_quiet(self, tables: dict[str, pa.Table]) -> None:
        query = "SELECT avg((isodow(occurred_at) > 5)::INT) FROM interactions WHERE type = '{}'"
        assert 0.08 < asked(tables, query.format("page_view"))[0][0] < 0.16
        assert asked(tables, query.format("meeting"))[0][0] < 0.05

    def test_behaviour_before_an_instant_tells_of_wins_after_it(self, tables: dict[str, pa.Table]) -> None:
        at = datetime(2025, 9, 1, tzinfo=UTC)
        query = f"""
            WITH open AS (
                SELECT c.id, count(i.id) FILTER (i.url_path = '/pricing') prices,
                       bool_or(d.closed_at <= '{at}'::TIMESTAMPTZ + INTERVAL 90 DAY) FILTER (d.status = 'won') won
                FROM contacts c
                LEFT JOIN interactions i ON i.contact_id = c.id AND i.occurred_at <= '{at}'
                     AND i.occurred_at > '{at}'::TIMESTAMPTZ - INTERVAL 30 DAY
                LEFT JOIN deals d ON d.contact_id = c.id AND d.closed_at > '{at}' AND d.type = 'new'
                WHERE c.created_at <= '{at}' GROUP BY c.id)
            SELECT prices > 0, avg(coalesce(won, false)::INT), count(*) FROM open GROUP BY 1 ORDER BY 1"""
        (_, without, many), (_, with_prices, some) = asked(tables, query)
        assert many > 500
        assert some > 50
        assert with_prices > 2 * without > 0
