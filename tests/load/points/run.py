"""How long a points score of thirty criteria takes, against the same score written by hand in SQL.

    PYTHONPATH=tests python -m load.points.run --contacts 100000 --interactions 2000000

Prints seconds and peak memory of each in a process of its own: a bare pass (count and sum by contact),
the statement in by_hand.sql, and the score; then that the totals are equal for every contact and that
the contributions of every contact add up to its score. Exit code 1 where one of them is not so.
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
from pathlib import Path

import pyarrow as pa

from load.points.data import AS_OF, generate
from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.conditions.named_lists import named_list
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.micro import micro_table
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.scores.points.totals import steps

HERE = Path(__file__).parent
AGES = 5_000
BY_HAND = {  # column of the weights -> criterion
    "m_pricing": "pricing",
    "m_download": "download",
    "m_use": "product use",
    "m_click": "clicked",
    "m_demo": "demo page",
    "m_docs": "documentation",
    "m_stories": "stories",
    "m_blog": "blog",
    "m_careers": "careers",
    "m_page": "any page",
    "m_social": "social",
    "m_open": "opened",
    "m_meeting": "met",
    "m_chat": "chatted",
    "m_webinar": "webinar",
    "m_call": "called",
    "m_form_demo": "demo form",
    "m_form_contact": "contact form",
    "m_form_news": "newsletter",
}


class Bench:
    """The files in one folder, opened on one DuckDB."""

    def __init__(self, folder: Path, *, zone: str, threads: int) -> None:
        self.runner, self.zone = DuckdbRunner(threads=threads), zone
        self.con = self.runner.backend.con
        files = {
            "contacts": [folder / "contacts.parquet"],
            "accounts": [folder / "accounts.parquet"],
            "interactions": sorted((folder / "interactions").glob("*/*.parquet")),
        }
        tables = {name: self.runner.from_parquet([str(p) for p in paths]) for name, paths in files.items()}
        for name, table in tables.items():
            self.con.execute(f"CREATE VIEW {name} AS SELECT * FROM {table.get_name()}")
        self.view: AsOf = as_known(Snapshot(tables, time_zone=zone), AS_OF)
        definition = parse_definition((HERE / "definition.yaml").read_text())
        assert isinstance(definition, PointsDefinition)
        self.definition = definition
        self.con.register("weights", self.weights())
        self.con.register("free_mail", pa.table({"domain": sorted(named_list("free_mail"))}))

    def weights(self) -> pa.Table:
        found = {c.name: (c.points, self.definition.decay_of(g, c)) for g, c in self.definition.criteria}
        columns = {name: pa.array(micro_table(*found[criterion], AGES)) for name, criterion in BY_HAND.items()}
        return pa.table({"age": pa.array(range(AGES), pa.int64()), **columns})

    def bare(self) -> None:
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE bare AS "
            "SELECT contact_id, count(*) AS n, sum(epoch_us(occurred_at) % 1000) AS s "
            "FROM interactions GROUP BY contact_id"
        )

    def by_hand(self) -> None:
        given = {"$zone": self.zone, "$at": AS_OF.isoformat(), "$today": local_day_of(AS_OF, self.zone).isoformat()}
        types = {"$zone": "", "$at": "TIMESTAMPTZ ", "$today": "DATE "}
        statement = (HERE / "by_hand.sql").read_text()
        for name, value in given.items():
            statement = statement.replace(name, f"{types[name]}'{value}'")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE by_hand AS {statement}")

    def score(self) -> None:
        rows = Points(self.definition, self.view, self.runner).scores()
        self.con.execute("DROP TABLE IF EXISTS score")
        self.runner.backend.create_table("score", rows, temp=True)

    def unequal(self) -> int:
        """Contacts whose value, fit or engagement differs between the two, or that only one of them has."""
        self.by_hand()
        self.score()
        return self.one(
            "SELECT count(*) FROM by_hand h FULL JOIN score s ON s.subject_id = h.id WHERE h.id IS NULL "
            "OR s.value IS DISTINCT FROM rapport_points(h.micro) OR s.fit IS DISTINCT FROM rapport_points(h.fit) "
            "OR s.engagement IS DISTINCT FROM rapport_points(h.engagement)"
        )

    def not_adding_up(self) -> int:
        """Contacts whose lines (criteria and limits) do not add up to the score."""
        points = Points(self.definition, self.view, self.runner, detail=True)
        rows = points.explained_rows()
        criteria, sums = steps(self.definition, points.plan)
        total = sum((rows[step.name] for step in criteria[1:]), rows[criteria[0].name])
        for step in sums:
            total = total + rows[step.limited] if step.limit is not None else total
        wrong = rows.filter(total != rows["micro"]).aggregate(n=lambda t: t.count())
        return int(self.runner.to_arrow(wrong)["n"][0].as_py())

    def one(self, sql: str) -> int:
        row = self.con.execute(sql).fetchone()
        assert row is not None
        return int(row[0])


def measured(folder: Path, what: str, *, zone: str, threads: int, times: int) -> dict[str, float]:
    """Best of some runs in this process: wall seconds, processor seconds, peak memory in MB."""
    bench = Bench(folder, zone=zone, threads=threads)
    work: Callable[[], None] = getattr(bench, what)
    best = (float("inf"), float("inf"))
    for _ in range(times):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        best = min(best, (time.perf_counter() - wall, time.process_time() - processor))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(best[0], 2), "processor_seconds": round(best[1], 2), "peak_mb": round(peak)}


def in_own_process(folder: Path, what: str, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "load.points.run", "--only", what, "--folder", str(folder)]
    command += ["--contacts", str(arguments.contacts), "--interactions", str(arguments.interactions)]
    command += ["--zone", arguments.zone, "--threads", str(arguments.threads), "--times", str(arguments.times)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found


def main() -> int:
    arguments = _arguments()
    if arguments.only == "generate":
        generate(arguments.folder, contacts=arguments.contacts, interactions=arguments.interactions)
        print("{}")
        return 0
    if arguments.only:
        print(
            json.dumps(
                measured(
                    arguments.folder,
                    arguments.only,
                    zone=arguments.zone,
                    threads=arguments.threads,
                    times=arguments.times,
                )
            )
        )
        return 0
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="rapport-load-"))
    if not (folder / "contacts.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        in_own_process(folder, "generate", arguments)  # a child counts the memory that its parent had
        print(f"generated {arguments.contacts:,} contacts with {arguments.interactions:,} interactions in {folder}")
        print(f"in {time.perf_counter() - started:.0f} s")
    found = {what: in_own_process(folder, what, arguments) for what in ("bare", "by_hand", "score")}
    for what, figures in found.items():
        print(
            f"{what:8} {figures['seconds']:7.2f} s {figures['processor_seconds']:7.2f} s of processor "
            f"{figures['peak_mb']:6.0f} MB"
        )
    for other in ("by_hand", "bare"):
        ratios = [found["score"][unit] / found[other][unit] for unit in ("seconds", "processor_seconds")]
        print(f"score / {other}: {ratios[0]:.2f} by the clock, {ratios[1]:.2f} by processor time")
    bench = Bench(folder, zone=arguments.zone, threads=arguments.threads)
    unequal, wrong = bench.unequal(), bench.not_adding_up()
    people = bench.one("SELECT count(*) FROM score")
    print(f"{people:,} contacts: {unequal} with other totals than by hand, {wrong} whose contributions do not add up")
    return 1 if unequal or wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--interactions", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, help="where the files are, or are made; kept")
    parser.add_argument("--zone", default="Europe/Stockholm")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--only", choices=("generate", "bare", "by_hand", "score"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
