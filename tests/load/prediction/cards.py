"""Learned cards against LightGBM and optbinning on public data, in the same five stratified folds (seed 0).

    PYTHONPATH=tests python -m load.prediction.cards

optbinning 1.0.0 runs in the peers' environment (.tools/peers): at most five bins, the ten features of highest
information value, a logistic regression of their weights of evidence. The data sets are read from
RAPPORT_TEST_DATA. Exit code 1 where a card of ten features is more than .01 of AUC behind LightGBM, does not rank
above optbinning, or takes more than 5 s of one processor to fit.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from rapport.engine.statistics.additive import Features, fit_additive, fit_boosted, fit_linear
from rapport.engine.statistics.auc import Flags
from rapport.engine.statistics.card import fit_card
from reference.prediction.companies import leads, telco

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PEERS = ROOT / ".tools" / "peers" / "bin" / "python"
DATA = Path(os.environ.get("RAPPORT_TEST_DATA") or ROOT.parent / "shared" / "data")
MOST_SECONDS = 5.0
BEHIND = 0.01
FITS: Mapping[str, Callable[[Features, Flags], object]] = {
    "logistic": fit_linear,
    "LightGBM": fit_boosted,
    "stumps": fit_additive,
    "card 10x5": fit_card,
    "card 6x4": lambda f, e: fit_card(f, e, size=6, bins=4),
    "card 4x3": lambda f, e: fit_card(f, e, size=4, bins=3, total=20),
}


def main() -> None:
    failed = False
    for title, (features, events) in {"Telco": telco(DATA), "X Education": leads(DATA)}.items():
        folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(events, events))
        found = {name: _ours(fit, features, events, folds) for name, fit in FITS.items()}
        found["optbinning"] = _theirs(features, events, folds)
        for name, (area, spent) in found.items():
            print(f"{title:12} {name:10} AUC {area:.4f}  {spent:5.2f} s of processor a fit")
        area, spent = found["card 10x5"]
        late = area < found["LightGBM"][0] - BEHIND or area <= found["optbinning"][0] or spent > MOST_SECONDS
        failed = failed or late
    if failed:
        raise SystemExit("The card does not hold.")


def _ours(
    fit: Callable[[Features, Flags], object],
    features: Features,
    events: Flags,
    folds: list[tuple[np.ndarray, np.ndarray]],
) -> tuple[float, float]:
    areas, spent = [], 0.0
    for learn, tried in folds:
        begin = time.process_time()
        model = fit(features.take(learn), events[learn])
        spent += time.process_time() - begin
        areas.append(roc_auc_score(events[tried], model.log_odds(features.take(tried))))  # type: ignore[attr-defined]
    return float(np.mean(areas)), spent / len(folds)


def _theirs(features: Features, events: Flags, folds: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    if not PEERS.exists():
        raise SystemExit(f"The peers are not installed: {PEERS} (tools/bench.sh installs them)")
    fold = np.empty(len(events), dtype=np.int64)
    for number, (_, tried) in enumerate(folds):
        fold[tried] = number
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.parquet"
        rows = features.to_arrow()
        pq.write_table(rows.append_column("_event", pa.array(events)).append_column("_fold", pa.array(fold)), path)
        said = subprocess.run(
            [PEERS, HERE / "optbinning_card.py", path], capture_output=True, text=True, check=True, timeout=600
        )
    told = json.loads(said.stdout.strip().splitlines()[-1])
    return told["auc"], told["seconds"]


if __name__ == "__main__":
    main()
