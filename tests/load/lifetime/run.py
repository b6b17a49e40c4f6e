"""How long it takes to fit and predict customer lifetimes, against lifetimes and pymc-marketing on the same rows.

    PYTHONPATH=tests python -m load.lifetime.run --customers 2357 10000 100000 --pareto 100000 --pymc-up-to 10000

Each program runs in a process of its own. Ours is timed from a Parquet file of customers to a Parquet file with
P(alive), expected purchases of 90 days, expected spend and value; the peers from rows in memory to arrays in memory,
value left out.
Importing is counted for nobody. Prints seconds, ratios, peak memory, and log-likelihoods by one common function.
Exit code 1 where a peer's likelihood is higher than ours or a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from load.lifetime.data import generate
from load.lifetime.likelihood import of_purchases, of_spend

HERE = Path(__file__).parent
PEERS = HERE.parents[2] / ".tools" / "peers" / "bin" / "python"
BARS = {1_000_000: 12.0, 10_000_000: 40.0}  # how many times faster than lifetimes, at least
PARETO_BAR = 60.0
LARGEST_MB = 1_000
LARGEST_SCORED = 1_000_000  # customers that the score itself is timed on
_HIGHER = 0.01  # log-likelihood


class Bench:
    def __init__(self, folder: Path, *, rounds: int) -> None:
        self.folder, self.rounds, self.missed = folder, rounds, list[str]()

    def ours(self, file: Path, *options: str) -> dict[str, Any]:
        """The best of some rounds: other work on the machine only ever adds."""
        runs = [_told([sys.executable, "-m", "load.lifetime.ours", str(file), *options]) for _ in range(self.rounds)]
        return min(runs, key=lambda told: told["seconds"])

    def peer(self, script: str, file: Path, *options: str) -> dict[str, Any]:
        return _told([str(PEERS), str(HERE / script), str(file), *options])

    def size(self, customers: int, *, pymc: bool) -> None:
        file = self.folder / f"customers-{customers}.parquet"
        generate(file, customers=customers)
        ours = self.ours(file)
        print(f"\n{customers:,} customers, {ours['groups']:,} different histories")
        laps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in ours["laps"].items())
        self.line("rapport, written to a file", file, ours)
        print(f"    {laps}")
        theirs = self.peer("peer_lifetimes.py", file)
        ratio = self.line("lifetimes 0.11.3", file, theirs, ours)
        if ratio < BARS.get(customers, 0):
            self.missed.append(f"{customers:,}: {ratio:.1f} times as fast as lifetimes, {BARS[customers]:.0f} wanted")
        if customers in BARS and ours["peak_mb"] > LARGEST_MB:
            self.missed.append(f"{customers:,}: {ours['peak_mb']} MB, {LARGEST_MB} allowed")
        if customers <= LARGEST_SCORED:
            told = _told([sys.executable, "-m", "load.lifetime.kind", str(file)])
            laps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in told["laps"].items())
            print(
                f"  {'the lifetime score itself':28} {told['seconds']:9.2f} s          {told['peak_mb']:6} MB  {laps}"
            )
        if pymc:
            self.line("pymc-marketing 0.19.2, MAP", file, self.peer("peer_pymc.py", file), ours)
        file.unlink()

    def pareto(self, customers: int) -> None:
        file = self.folder / f"pareto-{customers}.parquet"
        generate(file, customers=customers)
        print(f"\nPareto/NBD, {customers:,} customers, fit alone (ours with grouping)")
        ours = self.ours(file, "--model", "pareto_nbd", "--fit-only")
        theirs = self.peer("peer_lifetimes.py", file, "--model", "pareto_nbd", "--fit-only")
        ratio = theirs["seconds"] / ours["seconds"]
        for name, told in (("rapport", ours), ("lifetimes 0.11.3", theirs)):
            print(f"  {name:28} {told['seconds']:9.2f} s {told['peak_mb']:6} MB  {_short(told['model'])}")
        print(f"  {ratio:.1f} times as fast")
        if ratio < PARETO_BAR:
            self.missed.append(f"Pareto/NBD: {ratio:.1f} times as fast as lifetimes, {PARETO_BAR:.0f} wanted")
        file.unlink()

    def line(self, name: str, file: Path, told: dict[str, Any], ours: dict[str, Any] | None = None) -> float:
        """Prints one program's figures; the ratio of its time to ours."""
        found = of_purchases(file, told["model"]), of_spend(file, told["spend"])
        ratio = told["seconds"] / ours["seconds"] if ours else 1.0
        shown = f"{ratio:5.1f} x" if ours else "       "
        print(
            f"  {name:28} {told['seconds']:9.2f} s {shown} {told['peak_mb']:6} MB  LL {found[0]:.3f} {found[1]:.3f}"
            f"  {_short(told['model'])} {_short(told['spend'])}"
        )
        told["found"] = found
        if ours:
            for kind, mine, other in zip(("purchases", "spend"), ours["found"], found, strict=True):
                if other > mine + _HIGHER:
                    self.missed.append(f"{name}: likelihood of {kind} {other - mine:.3f} above ours")
        return ratio


def _told(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2_000:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def _short(parameters: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.4g}" for name, value in parameters.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--customers", type=int, nargs="*", default=[2_357, 10_000, 100_000])
    parser.add_argument("--pareto", type=int, default=0, help="customers of the Pareto/NBD comparison; 0 leaves it out")
    parser.add_argument("--pymc-up-to", type=int, default=0, help="largest size that pymc-marketing is given")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    if not PEERS.exists():
        raise SystemExit(f"The peers are not installed: {PEERS} (tools/bench.sh installs them)")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), rounds=given.rounds)
        for customers in given.customers:
            bench.size(customers, pymc=customers <= given.pymc_up_to)
        if given.pareto:
            bench.pareto(given.pareto)
    for missed in bench.missed:
        print(f"MISSED {missed}")
    sys.exit(1 if bench.missed else 0)


if __name__ == "__main__":
    main()
