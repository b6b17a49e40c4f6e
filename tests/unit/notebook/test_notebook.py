"""Opening a company in a notebook, and what comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake

import rapport
from rapport.engine.crm.simulation import Simulation, simulate, truth, write_parquet
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.metrics.period import Period
from rapport.notebook.company import Crm, period_of

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPANY = Simulation(end=END, contacts=800, interactions=12_000, seed=3)
DEFINITION = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: high, from: 20}, {label: low, from: 0}]
outcome: {event: deal_won, within_days: 60}
groups:
  fit:
    type: fit
    criteria:
      - name: decides
        points: 10
        when: {field: contact.seniority, in: [c_level, vp, director]}
  interest:
    type: engagement
    criteria:
      - name: prices
        points: 5
        per: {event: page_view, where: {field: url_path, starts_with: /pricing}}
        at_most: {times: 3, per_days: 7}
"""


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return simulate(COMPANY)


@pytest.fixture(scope="module")
def crm(tables: dict[str, pa.Table]) -> Iterator[Crm]:
    with rapport.open_crm(tables) as opened:
        yield opened


class TestOpening:
    def test_importing_it_loads_neither_engine_nor_django(self) -> None:
        code = "import rapport, sys; print([m for m in ('ibis', 'duckdb', 'django', 'pandas') if m in sys.modules])"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"

    def test_opening_needs_no_django(self) -> None:
        code = "import rapport, sys; rapport.open_crm; print('django' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"

    def test_files_frames_and_a_lake_give_the_same_scores(self, tables: dict[str, pa.Table], tmp_path: Path) -> None:
        write_parquet(COMPANY, tmp_path / "parts")
        for name, rows in tables.items():
            (tmp_path / "single").mkdir(exist_ok=True)
            pl.DataFrame(rows).write_parquet(tmp_path / "single" / f"{name}.parquet")
            write_deltalake(str(tmp_path / "home" / "lake" / name), rows)
        few = {name: tables[name] for name in ("contacts", "interactions", "attribute_history", "interaction_flags")}
        sources = (
            few,
            {name: rows.to_pandas() for name, rows in few.items()},
            {name: pl.DataFrame(rows) for name, rows in few.items()},
            tmp_path / "parts",
            str(tmp_path / "single"),
            tmp_path / "home" / "lake",
            tmp_path / "home",
        )
        found = []
        for source in sources:
            with rapport.open_crm(source) as opened:
                found.append(opened.score(DEFINITION, END).to_arrow().to_pylist())
        assert len(found[0]) == 800
        assert all(rows == found[0] for rows in found[1:])

    def test_only_the_newest_version_of_a_lake_counts(self, tables: dict[str, pa.Table], tmp_path: Path) -> None:
        for rows, mode in ((tables["contacts"], "append"), (tables["contacts"].slice(0, 5), "overwrite")):
            write_deltalake(str(tmp_path / "contacts"), rows, mode=mode)  # type: ignore[call-overload]
        with rapport.open_crm(tmp_path) as opened:
            assert "contacts 5" in repr(opened)

    def test_what_is_not_of_the_crm_is_left_out_and_told(self) -> None:
        contacts = pd.DataFrame({"id": ["a"], "created_at": [pd.Timestamp("2026-01-01")], "shoe_size": [42]})
        with rapport.open_crm({"contacts": contacts, "weather": contacts}) as opened:
            assert opened.left_out == {"contacts": ("shoe_size",), "weather": ()}
            assert opened.through == datetime(2026, 1, 1, tzinfo=UTC)

    def test_what_cannot_be_opened_says_why(self, tmp_path: Path) -> None:
        with pytest.raises(DefinitionError, match="no such folder"):
            rapport.open_crm(tmp_path / "absent")
        with pytest.raises(DataError, match="No table of the CRM"):
            rapport.open_crm(tmp_path)
        with pytest.raises(DataError, match="no column id"):
            rapport.open_crm({"contacts": pd.DataFrame({"key": ["a"]})})
        with pytest.raises(DefinitionError, match="not a data frame"):
            rapport.open_crm({"contacts": 7})
        with pytest.raises(DefinitionError, match="time zone"):
            rapport.open_crm(tmp_path, time_zone="Europe/Stockhlm")


class TestScores:
    def test_best_first_with_band_and_percentile(self, crm: Crm) -> None:
        scores = crm.score(DEFINITION).to_pandas()
        assert list(scores["value"]) == sorted(scores["value"], reverse=True)
        assert set(scores.loc[scores["value"] >= 20, "band"]) == {"high"}
        assert len(scores) == 800

    def test_without_an_instant_it_is_as_of_the_newest_row(self, crm: Crm) -> None:
        assert crm.through <= END
        assert crm.score(DEFINITION).to_arrow().equals(crm.score(DEFINITION, crm.through).to_arrow())

    def test_earlier_there_were_fewer(self, crm: Crm, tables: dict[str, pa.Table]) -> None:
        earlier = crm.score(DEFINITION, "2025-06-01")
        known = sum(at < datetime(2025, 6, 1, tzinfo=UTC) for at in tables["contacts"]["created_at"].to_pylist())
        assert len(earlier) == known < 800
        assert earlier.as_of == datetime(2025, 6, 1, tzinfo=UTC)

    def test_reasons_add_up(self, crm: Crm) -> None:
        best = crm.score(DEFINITION).to_arrow().slice(0, 3).to_pylist()
        lines = crm.explain(DEFINITION, [row["subject_id"] for row in best]).to_polars()
        for row in best:
            own = lines.filter(pl.col("subject_id") == row["subject_id"])
            assert Decimal(own["points"].sum()) == row["value"] == own["value"][0]

    def test_an_unknown_subject_is_told(self, crm: Crm) -> None:
        with pytest.raises(DataError, match="No such contact"):
            crm.explain(DEFINITION, "nobody")

    def test_the_known_truth_shows(self, crm: Crm) -> None:
        """Contacts with the better chance are scored higher."""
        chance = pl.DataFrame(truth(COMPANY)).select(subject_id="contact_id", chance="won_prob")
        joined = crm.score(DEFINITION).to_polars().join(chance, on="subject_id")
        high = joined.filter(pl.col("band") == "high")["chance"].mean()
        assert high > 1.5 * joined.filter(pl.col("band") == "low")["chance"].mean()  # type: ignore[operator]

    def test_a_definition_may_be_a_file(self, crm: Crm, tmp_path: Path) -> None:
        file = tmp_path / "interest.yaml"
        file.write_text(DEFINITION)
        assert crm.score(file).to_arrow().equals(crm.score(DEFINITION).to_arrow())


class TestMetrics:
    def test_win_rate_is_won_over_closed(self, crm: Crm, tables: dict[str, pa.Table]) -> None:
        closed = [
            deal["status"]
            for deal in tables["deals"].to_pylist()
            if deal["closed_at"] and deal["closed_at"].year == 2025
        ]
        [row] = crm.metric("win_rate", "2025").to_arrow().to_pylist()
        assert row["n"] == len(closed) > 50
        assert row["value"] == pytest.approx(closed.count("won") / len(closed))
        assert (row["start"], row["end"]) == (date(2025, 1, 1), date(2026, 1, 1))

    def test_a_series_has_a_row_per_month_and_a_line(self, crm: Crm) -> None:
        series = crm.metric("leads", "2025", grain="month")
        assert len(series) == 12
        assert series.to_polars()["value"].sum() == crm.metric("leads", "2025").to_polars()["value"][0]
        assert "line" in str(series.chart().to_dict())

    def test_parts_have_bars(self, crm: Crm) -> None:
        parts = crm.metric("leads", "2025", by="source")
        assert "source" in parts.to_arrow().column_names
        assert "bar" in str(parts.chart().to_dict())

    def test_periods_as_people_write_them(self) -> None:
        assert period_of("2026") == Period(date(2026, 1, 1), date(2027, 1, 1))
        assert period_of("2026-Q2") == Period(date(2026, 4, 1), date(2026, 7, 1))
        assert period_of("2026-02") == Period(date(2026, 2, 1), date(2026, 3, 1))
        assert period_of("2026-W01") == Period(date(2025, 12, 29), date(2026, 1, 5))
        assert period_of("2026-02-03") == Period(date(2026, 2, 3), date(2026, 2, 4))
        assert period_of((date(2026, 1, 5), date(2026, 1, 9))) == Period(date(2026, 1, 5), date(2026, 1, 9))
        with pytest.raises(DefinitionError, match="Not a period"):
            period_of("last spring")

    def test_an_instant_that_is_none_is_told(self, crm: Crm) -> None:
        with pytest.raises(DefinitionError, match="Not an instant"):
            crm.score(DEFINITION, "yesterday")


class TestProof:
    def test_a_backtest_has_tenths_and_a_chart(self, crm: Crm) -> None:
        proof = crm.backtest(DEFINITION, ["2025-06-01", "2025-09-01"])
        rows = proof.to_polars().filter(pl.col("performance") == "score")
        assert rows["decile"].to_list() == list(range(1, 11))
        assert proof.report.score.auc.value > 0.6  # type: ignore[operator]
        assert "<" in proof.to_html()
        assert "lift" in str(proof.chart().to_dict())


class TestExample:
    def test_the_quickstart_runs(self) -> None:
        file = Path(__file__).parents[3] / "examples" / "quickstart.py"
        done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
