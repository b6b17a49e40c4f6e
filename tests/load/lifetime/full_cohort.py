"""Customer equity of all 23,570 CDNOW customers, as Fader, Hardie & Lee 2005 (JMR 42(4)) print it.

    PYTHONPATH=tests python -m load.lifetime.full_cohort

The file comes with the package lifetimes (.tools/peers); it is no part of the product and of no other test. Recipe of
the paper: Pareto/NBD and Gamma-Gamma fitted on the 1/10 sample over 78 weeks, applied to everybody; margin 30 %, 15 % a
year.
Exit code 1 where a figure is not the printed one.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np

from rapport.engine.scores.lifetime.models import GammaGamma, ParetoNbd, PurchaseGroups, SpendGroups, fit

PACKAGES = Path(__file__).parents[3] / ".tools" / "peers" / "lib"
END = date(1998, 6, 30)


def read(file: Path, *, number: int, day: int) -> dict[str, dict[date, float]]:
    """Amounts by customer and day; columns counted from 0, the amount last."""
    days: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for line in file.read_text().splitlines():
        cells = line.split()
        if len(cells) > day and cells[day].isdigit():
            when = cells[day]
            days[cells[number]][date(int(when[:4]), int(when[4:6]), int(when[6:]))] += float(cells[-1])
    return days


def histories(days: dict[str, dict[date, float]]) -> tuple[PurchaseGroups, np.ndarray]:
    rows = []
    for amounts in days.values():
        known = sorted(amounts)
        repeats = [amounts[d] for d in known[1:]]
        spend = sum(repeats) / len(repeats) if repeats else 0.0
        rows.append((len(repeats), (known[-1] - known[0]).days / 7, (END - known[0]).days / 7, spend))
    x, t_x, age, spent = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return PurchaseGroups(x, t_x, age), spent


def main() -> None:
    folder = next(PACKAGES.glob("*/site-packages/lifetimes/datasets"), None)
    if folder is None:
        raise SystemExit("The package lifetimes is not installed in .tools/peers (tools/bench.sh installs it).")
    sample, spend = histories(read(folder / "CDNOW_sample.txt", number=1, day=2))
    buying = fit("pareto_nbd", sample).model
    known = (sample.x > 0) & (spend > 0)
    amounts = fit("gamma_gamma", SpendGroups(sample.x[known], spend[known])).model
    assert isinstance(buying, ParetoNbd)
    assert isinstance(amounts, GammaGamma)
    everybody, spent = histories(read(folder / "CDNOW_master.txt", number=0, day=1))
    life = buying.discounted_purchases(everybody, horizon=np.inf, rate=np.log(1.15) / 52)
    value = 0.3 * life * amounts.expected_value(np.where(spent > 0, everybody.x, 0), spent)
    once = everybody.x == 0
    figures = (
        ("customers", len(value), 23_570, 0),
        ("of them one-time buyers", once.sum(), 12_054, 0),
        ("value of a one-time buyer, $", value[once].mean(), 4.40, 0.005),
        ("value of all one-time buyers, $1,000", value[once].sum() / 1e3, 53, 0.5),
        ("value of the cohort without 10 extreme buyers, $ million", np.sort(value)[:-10].sum() / 1e6, 1.1, 0.05),
        ("mean value without them, $", np.sort(value)[:-10].mean(), 47, 1.0),
    )
    wrong = 0
    for name, found, printed, digits in figures:
        ok = abs(found - printed) <= digits
        wrong += not ok
        print(f"  {name:58} {found:12.3f}   printed {printed:>10}   {'ok' if ok else 'NOT THE SAME'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
