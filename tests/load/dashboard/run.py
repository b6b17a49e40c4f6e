"""How long the Executive dashboard takes over a large company: its tiles with 24 months and a comparison.

    PYTHONPATH=tests python -m load.dashboard.run --contacts 1000000 --orders 2000000 --interactions 20000000

Prints seconds for making the rows that dashboards read (in the background of an installation), for a question that
was never asked before (cold: figures are computed from the kept rows, engine and files newly opened), for the same
metrics by another split, and for a count and sum over the orders alone as the limit. Then every figure is held
against the one computed from the tables. Exit code 1 where one differs or a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from load.dashboard.data import AS_OF, made

COLD_SECONDS = 1.5
_T = TypeVar("_T")


class Bench:
    def __init__(self, folder: Path, kept: Path) -> None:
        from rapport.engine.metrics.registry import METRICS
        from rapport.workspace.metrics.kept_rows import kept_periods
        from rapport.workspace.metrics.models import Tile
        from rapport.workspace.metrics.ready_made import PLANS

        self.folder, self.kept = folder, kept
        executive = next(plan for plan in PLANS if plan.slug == "executive")
        self.tiles = [Tile(metric=m, display=d, by=by) for m, d, by in executive.tiles]
        self.specs = [s for tile in self.tiles for s in METRICS[tile.metric].counted]
        self.periods = kept_periods((AS_OF - timedelta(hours=12)).date())
        self.coverage: Any = None

    def opened(self) -> tuple[Any, Any]:
        """The company's tables on a new engine."""
        from rapport.engine.crm.snapshot import Snapshot
        from rapport.engine.crm.tables import TABLES
        from rapport.engine.execution.duckdb import DuckdbRunner

        runner = DuckdbRunner(threads=2, temp_directory=self.folder / "spill")
        tables = {
            name: runner.from_parquet([str(file) for file in sorted((self.folder / name).glob("*.parquet"))])
            for name in TABLES
            if (self.folder / name).is_dir()
        }
        return Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR"), runner

    def keep(self) -> None:
        from rapport.engine.metrics.coverage import coverage_of
        from rapport.engine.metrics.kept import rows_to_keep

        snapshot, runner = self.opened()
        self.kept.mkdir(parents=True, exist_ok=True)
        self.coverage = coverage_of(self.specs, snapshot, as_of=AS_OF, runner=runner)
        told = [spec for spec in self.specs if self.coverage.missing(spec, snapshot) is None]
        made_rows = rows_to_keep(
            told, snapshot, as_of=AS_OF, periods=self.periods, runner=runner, dimensions=("owner", "industry", "source")
        )
        for name, rows in made_rows:
            _, seconds = timed(lambda rows=rows, name=name: runner.write(rows, self.kept / f"{name}.parquet"))
            print(f"    {name:28}{seconds:8.2f} s")
        runner.close()

    def asked(self, *, kept: bool, tiles: list[Any] | None = None) -> Any:
        """The figures, from newly opened files."""
        from rapport.engine.metrics.kept import KeptRows
        from rapport.engine.metrics.period import Period
        from rapport.workspace.metrics.computing import Question, computed

        snapshot, runner = self.opened()
        rows = None
        if kept:
            tables = {file.stem: runner.from_parquet([str(file)]) for file in sorted(self.kept.glob("*.parquet"))}
            rows = KeptRows(
                as_of=AS_OF,
                time_zone=snapshot.time_zone,
                coverage=self.coverage,
                tables=tables,
                periods=self.periods,
            )
        period = Period.month(2026, 10)
        question = Question(period=period, compared=period.previous(), filters={}, as_of=AS_OF)
        found = computed([tiles or self.tiles], question, snapshot, runner=runner, kept=rows)[0]
        runner.close()
        return found

    def limit(self) -> None:
        _, runner = self.opened()
        files = str(self.folder / "orders" / "*.parquet")
        runner.backend.con.execute(
            f"SELECT date_trunc('month', ordered_at), count(*), sum(amount) FROM '{files}' GROUP BY 1"
        ).fetchall()
        runner.close()


def timed(work: Callable[[], _T]) -> tuple[_T, float]:
    started = time.perf_counter()
    found = work()
    return found, time.perf_counter() - started


def main() -> int:
    arguments = _arguments()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="rapport-load-"))
    os.environ["RAPPORT_HOME"] = str(folder / "home")
    from rapport.cli.starting import start_workspace

    start_workspace()
    made(folder, contacts=arguments.contacts, orders=arguments.orders, interactions=arguments.interactions)
    bench = Bench(folder, folder / "kept")
    _, seconds = timed(bench.keep)
    print(f"rows kept             {seconds:7.2f} s")
    print(f"limit: orders alone   {timed(bench.limit)[1]:7.2f} s")
    bench.asked(kept=True)
    figures, cold = timed(lambda: bench.asked(kept=True))
    known = sum(tile.value is not None for tile in figures.tiles)
    print(f"cold, {len(figures.tiles)} tiles       {cold:7.2f} s, {known} with a value")
    live, seconds = timed(lambda: bench.asked(kept=False))
    print(f"from the tables       {seconds:7.2f} s")
    unequal = [a.metric for a, b in zip(figures.tiles, live.tiles, strict=True) if not _equal(a, b)]
    print(f"figures that differ: {unequal or 'none'}")
    if cold > COLD_SECONDS:
        print(f"missed: {cold:.2f} s cold, {COLD_SECONDS} wanted")
    return 1 if unequal or cold > COLD_SECONDS else 0


def _equal(one: Any, other: Any) -> bool:
    def close(a: float | None, b: float | None) -> bool:
        return a == b or (a is not None and b is not None and abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1.0))

    pairs = [(one.value, other.value), (one.compared, other.compared)]
    pairs += [(a.value, b.value) for a, b in zip(one.series, other.series, strict=True)]
    return all(close(a, b) for a, b in pairs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--interactions", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, help="where the files are, or are made; kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
