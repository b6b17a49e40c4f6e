"""The product's own path: group in the engine, fit, predict per group, join back, write. One process, one JSON line."""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.lifetime.grouping import grouped_histories, spend_groups
from rapport.engine.scores.lifetime.models import BgNbd, GammaGamma, fit
from rapport.engine.scores.lifetime.predicting import predictions, with_predictions

YEARLY = 0.15
HORIZON = 90.0


def warm_up() -> None:
    """What Ibis and DuckDB import when first used: importing is counted for nobody."""
    rows = pa.table({"x": [0, 1], "t_x": [0, 2], "age": [3, 4], "mean_spend": [None, 2.0]})
    with DuckdbRunner() as runner, tempfile.TemporaryDirectory() as folder:
        table = runner.from_arrow(rows)
        grouped = grouped_histories(table, runner)
        spend_groups(table, runner)
        found = predictions(BgNbd(1, 1, 1, 1), grouped, horizon=1, rate=0.1)
        joined = with_predictions(table, runner.from_arrow(found), GammaGamma(2, 2, 2))
        runner.backend.to_parquet(joined, f"{folder}/rows.parquet")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", default="bg_nbd")
    parser.add_argument("--fit-only", action="store_true")
    given = parser.parse_args()
    times: dict[str, float] = {}
    warm_up()
    start = last = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        times[name], last = now - last, now

    with DuckdbRunner(threads=2) as runner:
        runner.backend.raw_sql("SET memory_limit='600MB'")
        table = runner.from_parquet([str(given.file)])
        grouped = grouped_histories(table, runner)
        lap("group")
        buying = fit(given.model, grouped.groups)
        lap("fit")
        told = {"model": asdict(buying.model), "groups": len(grouped.groups), "warnings": buying.warnings}
        if not given.fit_only:
            spending = fit("gamma_gamma", spend_groups(table, runner))
            assert isinstance(spending.model, GammaGamma)
            lap("spend")
            found = predictions(buying.model, grouped, horizon=HORIZON, rate=YEARLY / 365.25)  # type: ignore[arg-type]
            lap("predict")
            rows = with_predictions(table, runner.from_arrow(found), spending.model)
            told_of = rows.drop("x", "t_x", "age", "mean_spend")
            # doubles that hardly repeat: no dictionary is worth trying for
            runner.backend.to_parquet(told_of, given.file.with_suffix(".ours"), dictionary_size_limit=1_000)
            lap("write")
            told["spend"] = asdict(spending.model)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told |= {"seconds": time.perf_counter() - start, "laps": times, "peak_mb": peak}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
