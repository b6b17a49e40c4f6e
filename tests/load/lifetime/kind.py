"""The lifetime score itself on the same rows: learn, then each customer's value with its interval, written to a file.

More is asked of it than of the bare path in `ours.py`: intervals, segments, cohorts' labels and whole micro-points.
One process, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from load.lifetime.ours import warm_up
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.lifetime.histories import HISTORY
from rapport.engine.scores.lifetime.learn import learn
from rapport.engine.scores.lifetime.measures import SCHEMA, purchase_figures, question_of
from rapport.engine.scores.lifetime.spec import LifetimeDefinition

DEFINITION = LifetimeDefinition.model_validate(
    {
        "name": "value",
        "subject": "contact",
        "kind": "lifetime",
        "model": "bg_nbd",
        "horizon_days": 90,
        "spend": "repeat",
    }
)


def histories(table: ir.Table) -> ir.Table:
    """The file's rows as the score reads them: sums in ten-thousandths, whole."""
    spend = (table.mean_spend.fill_null(0.0) * table.x * 10_000).round().cast("int64")
    return table.select(
        subject_id=table.id.cast("string"),
        cohort=ibis.null("string"),
        x=table.x.cast("int64"),
        t_x=table.t_x.cast("int64"),
        age=table.age.cast("int64"),
        spend_count=table.x.cast("int64"),
        spend=spend,
        so_far=spend,
        unconverted=ibis.literal(0, "int64"),
    ).select(*HISTORY)


def no_split(days: int) -> ir.Table:
    raise AssertionError("The model is named: none is chosen.")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    warm_up()
    start = time.perf_counter()
    with DuckdbRunner(threads=2) as runner:
        rows = histories(runner.from_parquet([str(file)]))
        fitted = learn(DEFINITION, rows, split=no_split, runner=runner)
        assert fitted is not None
        learnt = time.perf_counter()
        apply = purchase_figures(fitted.to_json(), question_of(DEFINITION, "value"))
        told = runner.to_arrow(runner.map_batches(rows, apply, SCHEMA))
        pq.write_table(told, file.with_suffix(".kind"))
    seconds = time.perf_counter() - start
    laps = {"learn": learnt - start, "score and write": seconds - (learnt - start)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "laps": laps, "peak_mb": peak, "rows": told.num_rows}))


if __name__ == "__main__":
    main()
