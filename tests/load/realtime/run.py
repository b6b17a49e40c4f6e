"""Interactions at a steady rate over a large base: is anything lost, how soon is it scored, are the scores right?

    PYTHONPATH=tests python -m load.realtime.run --folder /tmp/base --rate 1000 --seconds 60

`load.realtime.base` makes the base in the folder if it is not there (a million contacts, twenty million interactions);
it is used again by later runs, so that every run adds to it. One process accepts interactions, some per call, from
contacts drawn at random, and another, `rapport realtime`, scores them. A third looks every tenth of a second which
marks are left: a mark goes in the transaction that writes its scores. Printed: how long accepting took, how long each
interaction waited from the beginning of its acceptance to its committed score, and what differs from a full run over
everybody as of the end. Exit code 1 where something is lost or differs, or the lag is over the bar.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from load.points.data import FORMS, PATHS, TYPES
from load.realtime import base

BAR_SECONDS = 2.0
_COMPARED = ("value", "fit", "engagement", "matrix", "band", "percentile", "reason_null")


def drive(folder: Path, *, rate: int, seconds: float, per_call: int, seed: int) -> None:
    """Accept `rate` interactions a second; prints one JSON line per call: seconds taken, ids."""
    base.start(folder)
    from rapport.workspace.crm.intake.accepting import accept
    from rapport.workspace.crm.records.models import Contact

    random.seed(seed)
    contacts = list(Contact.objects.values_list("pk", flat=True))
    calls = int(rate * seconds / per_call)
    started = time.perf_counter()
    for call in range(calls):
        ahead = started + call * per_call / rate - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        drafts = [happening(random.choice(contacts)) for _ in range(per_call)]
        before = time.perf_counter()
        answers = accept(drafts, source="load")
        taken = time.perf_counter() - before
        assert all(answer.id and not answer.known for answer in answers), answers
        print(json.dumps({"took": taken, "ids": [answer.id for answer in answers]}))
    late = time.perf_counter() - started - seconds
    print(json.dumps({"late": late}), flush=True)


def happening(contact_id: str) -> dict[str, Any]:
    """An interaction of now; one in fifty is told up to ten days late, one in twenty days a page of the price list."""
    kind = random.choices(list(TYPES), list(TYPES.values()))[0]
    ago = timedelta(days=random.uniform(0, 10)) if random.random() < 0.02 else timedelta(0)
    path = random.choice(PATHS[:40]) if kind == "page_view" else None
    form = {"form": random.choice(FORMS), "step": 1} if kind == "form_submit" else None
    return {
        "contact_id": contact_id,
        "type": kind,
        "direction": "outbound" if kind == "email_sent" else "inbound",
        "channel": "web" if kind == "page_view" else "email",
        "occurred_at": datetime.now(UTC) - ago,
        "url_path": path,
        "properties": form,
        "message_id": f"{random.getrandbits(96):024x}",
    }


def measure(asked: argparse.Namespace) -> bool:
    """Drive, wait until everything is scored, and judge."""
    base.make(asked.folder, contacts=asked.contacts, interactions=asked.interactions)
    with _Watcher(asked.folder) as watcher:
        _warm_up(watcher)
        watcher.lags.clear()
        lines = _driven(asked, watcher)
        watcher.wait_until_done()
    calls = [line for line in lines if "ids" in line]
    return _judged(calls, watcher, late=lines[-1]["late"], bar=asked.bar) & _equal_to_full_run()


class _Watcher:
    """`rapport realtime` in a process of its own, and how long each mark was there."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "RAPPORT_HOME": str(folder)}
        self._process = subprocess.Popen([sys.executable, "-m", "rapport.cli", "realtime"], env=environment)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.lags: dict[int, float] = {}

    def __enter__(self) -> _Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._process.terminate()
        self._process.wait(30)

    def _watch(self) -> None:
        from rapport.workspace.crm.records.models import TouchMark

        there: dict[int, datetime] = {}
        while not self._stop.wait(0.1):
            now, left = datetime.now(UTC), dict(TouchMark.objects.values_list("id", "touched_at"))
            for gone in there.keys() - left.keys():
                self.lags[gone] = (now - there[gone]).total_seconds()
            there = left

    def wait_until_done(self, most: float = 120) -> None:
        from rapport.workspace.crm.records.models import TouchMark

        until = time.monotonic() + most
        while TouchMark.objects.exists():
            assert time.monotonic() < until, "marks are left"
            time.sleep(0.2)
        time.sleep(0.5)

    def processor_seconds(self) -> float:
        import psutil

        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)


def _warm_up(watcher: _Watcher) -> None:
    """The first batch compiles the queries; that is not what is measured."""
    from rapport.workspace.crm.intake.accepting import accept
    from rapport.workspace.crm.records.models import Contact

    ids = list(Contact.objects.values_list("pk", flat=True)[:50])
    for _ in range(3):
        accept([happening(contact_id) for contact_id in ids], source="load")
        watcher.wait_until_done()


def _driven(asked: argparse.Namespace, watcher: _Watcher) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "load.realtime.run", "--drive", "--folder", str(asked.folder)]
    command += ["--rate", str(asked.rate), "--seconds", str(asked.seconds), "--per-call", str(asked.per_call)]
    before, started = watcher.processor_seconds(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    share = (watcher.processor_seconds() - before) / (time.perf_counter() - started)
    base.said(f"scoring took {share:.0%} of one core; load of the machine {os.getloadavg()[0]:.1f}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _judged(calls: list[dict[str, Any]], watcher: _Watcher, *, late: float, bar: float) -> bool:
    from rapport.workspace.crm.records.models import Interaction

    ids = [row_id for call in calls for row_id in call["ids"]]
    stored = sum(Interaction.objects.filter(pk__in=ids[n : n + 500]).count() for n in range(0, len(ids), 500))
    took = np.array([call["took"] for call in calls])
    unseen = max(0, len(ids) - len(watcher.lags))  # come and gone between two looks
    lags = np.array([*watcher.lags.values(), *([0.1] * unseen)])
    print(f"accepted {len(ids):,}, stored {stored:,}; the driver was {late:.1f} s late at the end")
    print(f"accepting a call: p50 {_ms(took, 0.5)}, p95 {_ms(took, 0.95)}, most {_ms(took, 1)}")
    print(f"{len(lags) - unseen:,} seen waiting")
    print(f"from acceptance to committed score: p50 {_ms(lags, 0.5)}, p95 {_ms(lags, 0.95)}, most {_ms(lags, 1)}")
    return stored == len(ids) and bool(np.quantile(lags, 0.95) < bar) and late < 1


def _ms(seconds: np.ndarray, share: float) -> str:
    return f"{np.quantile(seconds, share) * 1000:,.0f} ms"


def _equal_to_full_run() -> bool:
    """Everybody's score as of now, computed at once in the population in force, against what is kept."""
    import pyarrow as pa
    from django.utils import timezone

    from rapport.engine.crm.as_of import as_known
    from rapport.engine.scores.kinds import KINDS
    from rapport.workspace.crm.lake import open_snapshot
    from rapport.workspace.scores.definitions import live, parsed
    from rapport.workspace.scores.models import CurrentScore
    from rapport.workspace.scores.runs import READ_TABLES, last_run, population_of

    stored = live(base.SCORE)
    assert stored is not None
    definition = parsed(stored)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        view = as_known(snapshot, timezone.now())
        run = population_of(last_run(base.SCORE))
        full = runner.to_arrow(KINDS[definition.kind].score(definition, view, runner=runner, run=run))
        kept = CurrentScore.objects.filter(score=base.SCORE).values_list("subject_id", *_COMPARED)
        columns = list(zip(*kept.iterator(chunk_size=20_000), strict=True))
        there = pa.table(
            {
                n: pa.array(c, full.schema.field(n).type)
                for n, c in zip(("subject_id", *_COMPARED), columns, strict=True)
            }
        )
        con = runner.backend.con
        con.register("full_run", full.select(["subject_id", *_COMPARED]))
        con.register("kept", there)
        rounded = "* REPLACE (round(percentile, 6) AS percentile)"
        query = f"SELECT count(*) FROM (SELECT {rounded} FROM full_run EXCEPT SELECT {rounded} FROM kept)"
        differing = con.execute(query).fetchall()[0][0]
    print(f"everybody scored at once: {full.num_rows:,} contacts, {there.num_rows:,} kept, {differing:,} differ")
    return differing == 0 and full.num_rows == there.num_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--interactions", type=int, default=20_000_000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--per-call", type=int, default=5)
    parser.add_argument("--bar", type=float, default=BAR_SECONDS)
    parser.add_argument("--drive", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.drive:
        drive(
            asked.folder, rate=asked.rate, seconds=asked.seconds, per_call=asked.per_call, seed=random.getrandbits(32)
        )
        return
    sys.exit(0 if measure(asked) else 1)


if __name__ == "__main__":
    main()
