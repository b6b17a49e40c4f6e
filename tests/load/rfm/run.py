"""How long RFM of many customers takes, against a bare aggregate over the same files.

    PYTHONPATH=tests python -m load.rfm.run --customers 1000000 --purchases 10000000

Both write a Parquet file with a row per customer, each in a process of its own: the bare aggregate (last
purchase, count and sum by customer), and the score (value, band, segment and rank). Then the scores are
held against the same ones written by hand in SQL. Exit code 1 where one differs.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.newest import recorded_until
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

AS_OF = datetime(2025, 6, 30, 12, tzinfo=UTC)
FILES = 16
ZONE = "Europe/Stockholm"
_GENERATE = """
COPY (
    SELECT md5(customer::VARCHAR) AS customer_key, customer, rate FROM (
        SELECT range AS customer, -ln(1 - (hash(range) % 1000000007) / 1000000007.0) AS rate FROM range({customers})
    )
) TO '{folder}/customers.parquet' (FORMAT parquet);
"""
_PURCHASES = """
COPY (
    SELECT
        md5((customer * 1000 + n)::VARCHAR) AS id, 'made' AS source, NULL::VARCHAR AS external_id,
        bought AS created_at, bought AS recorded_at, FALSE AS recorded_at_assumed, bought AS ingested_at,
        customer_key AS contact_id, bought AS ordered_at, status, currency,
        CAST((hash(customer * 7919 + n) % 100000) / 100.0 AS DECIMAL(18, 4)) AS amount
    FROM (
        SELECT customer, customer_key, n,
            TIMESTAMPTZ '2025-06-30 11:00:00+00' - to_seconds((hash(customer * 31 + n) % 63072000)::BIGINT) AS bought,
            CASE WHEN hash(customer * 17 + n) % 50 = 0 THEN 'cancelled' ELSE 'paid' END AS status, 'EUR' AS currency
        FROM (
            SELECT customer, customer_key, unnest(range(CAST(round(rate * {mean}) AS BIGINT))) AS n
            FROM read_parquet('{folder}/customers.parquet')
            WHERE customer_key >= '{low}' AND customer_key < '{high}'
        )
    )
    ORDER BY contact_id, ordered_at
) TO '{folder}/orders/{part}.parquet' (FORMAT parquet, COMPRESSION zstd);
"""
_BARE = """
COPY (SELECT contact_id, max(ordered_at) AS last, count(*) AS n, sum(amount) AS amount FROM orders GROUP BY contact_id)
TO '{file}' (FORMAT parquet)
"""
_BY_HAND = """
WITH bought AS (
    SELECT contact_id, datediff('day', CAST(timezone('{zone}', max(ordered_at)) AS DATE),
            CAST(timezone('{zone}', TIMESTAMPTZ '{at}') AS DATE)) AS days, count(*) AS n, sum(amount) AS amount
    FROM orders WHERE status <> 'cancelled' GROUP BY contact_id
), cuts AS (
    SELECT quantile_disc(days, [0.2, 0.4, 0.6, 0.8]) AS r, quantile_disc(n, [0.2, 0.4, 0.6, 0.8]) AS f,
        quantile_disc(amount, [0.2, 0.4, 0.6, 0.8]) AS m FROM bought
)
SELECT contact_id, 10 * (5 - len(list_filter(r, c -> c < days)) - 1)
    + 7.5 * len(list_filter(f, c -> c < n)) + 7.5 * len(list_filter(m, c -> c < amount)) AS value
FROM bought, cuts
"""


class Bench:
    """The files in one folder, opened on one DuckDB."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        self.folder = folder
        self.runner = DuckdbRunner(threads=threads, temp_directory=folder)
        self.con = self.runner.backend.con
        files = {
            "orders": [str(file) for file in sorted((folder / "orders").glob("*.parquet"))],
            "contacts": [str(folder / "contacts.parquet")],
        }
        tables = {name: self.runner.from_parquet(of_table) for name, of_table in files.items()}
        self.con.execute(f"CREATE VIEW orders AS SELECT * FROM {tables['orders'].get_name()}")
        until = {name: recorded_until(of_table) for name, of_table in files.items()}  # as an opened lake has it
        known = {name: instant for name, instant in until.items() if instant is not None}
        company = Snapshot(tables, time_zone=ZONE, currency="EUR", recorded_until=known)
        self.view = as_known(company, AS_OF)
        self.definition = parse_definition("{name: rfm, subject: contact, kind: rfm}")

    def bare(self) -> None:
        self.con.execute(_BARE.format(file=self.folder / "bare.parquet"))

    def score(self) -> None:
        scores = KINDS["rfm"].score(self.definition, self.view, runner=self.runner)
        self.runner.backend.to_parquet(scores, self.folder / "score.parquet")

    def unequal(self) -> int:
        """Customers whose value differs from the one by hand."""
        by_hand = _BY_HAND.format(zone=ZONE, at=AS_OF.isoformat())
        row = self.con.execute(
            f"SELECT count(*) FROM ({by_hand}) h FULL JOIN (SELECT * FROM '{self.folder}/score.parquet' "
            "WHERE value IS NOT NULL) s ON s.subject_id = h.contact_id WHERE h.value IS DISTINCT FROM s.value"
        ).fetchone()
        assert row is not None
        return int(row[0])


def generate(folder: Path, *, customers: int, purchases: int) -> None:
    """`folder`/orders/*.parquet, sorted by customer as in the lake, and contacts.parquet. The same each time."""
    (folder / "orders").mkdir(parents=True, exist_ok=True)
    with DuckdbRunner(threads=2, temp_directory=folder, memory_limit="6GB") as runner:
        con = runner.backend.con
        con.execute(_GENERATE.format(customers=customers, folder=folder))
        bounds = [f"{16 * part:02x}" for part in range(FILES)] + ["g"]
        for part in range(FILES):
            con.execute(
                _PURCHASES.format(
                    folder=folder, mean=purchases / customers, part=part, low=bounds[part], high=bounds[part + 1]
                )
            )
        con.execute(
            "COPY (SELECT customer_key AS id, 'made' AS source, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS created_at, "
            f"TIMESTAMPTZ '2020-01-01 00:00:00+00' AS recorded_at FROM '{folder}/customers.parquet' "
            f"ORDER BY customer_key) TO '{folder}/contacts.parquet' (FORMAT parquet)"
        )


def measured(folder: Path, what: str, *, threads: int, times: int) -> dict[str, float]:
    """Best of some runs in this process: wall seconds, processor seconds, peak memory in MB."""
    bench = Bench(folder, threads=threads)
    work: Callable[[], None] = getattr(bench, what)
    best = (float("inf"), float("inf"))
    for _ in range(times):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        best = min(best, (time.perf_counter() - wall, time.process_time() - processor))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(best[0], 2), "processor_seconds": round(best[1], 2), "peak_mb": round(peak)}


def in_own_process(folder: Path, what: str, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "load.rfm.run", "--only", what, "--folder", str(folder)]
    command += ["--customers", str(arguments.customers), "--purchases", str(arguments.purchases)]
    command += ["--threads", str(arguments.threads), "--times", str(arguments.times)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found


def main() -> int:
    arguments = _arguments()
    if arguments.only == "generate":
        generate(arguments.folder, customers=arguments.customers, purchases=arguments.purchases)
        print("{}")
        return 0
    if arguments.only:
        print(json.dumps(measured(arguments.folder, arguments.only, threads=arguments.threads, times=arguments.times)))
        return 0
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="rapport-load-"))
    if not (folder / "contacts.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        in_own_process(folder, "generate", arguments)
    found = {what: in_own_process(folder, what, arguments) for what in ("bare", "score")}
    for what, figures in found.items():
        print(
            f"{what:6} {figures['seconds']:7.2f} s {figures['processor_seconds']:7.2f} s of processor "
            f"{figures['peak_mb']:6.0f} MB"
        )
    ratios = [found["score"][unit] / found["bare"][unit] for unit in ("seconds", "processor_seconds")]
    print(f"score / bare: {ratios[0]:.2f} by the clock, {ratios[1]:.2f} by processor time")
    unequal = Bench(folder, threads=arguments.threads).unequal()
    print(f"{arguments.customers:,} customers: {unequal} with another score than by hand")
    return 1 if unequal else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--purchases", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where the files are, or are made; kept")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--only", choices=("generate", "bare", "score"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
