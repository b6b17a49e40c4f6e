"""How long exact reasons for many rows take, against LightGBM's TreeSHAP on the same rows in the same run.

    PYTHONPATH=tests python -m load.prediction.reasons --rows 1000000 --contrib-rows 20000

30 features, a tenth of the values unknown; both models learn from the first 20,000 rows, and have one thread.
TreeSHAP is timed on fewer rows and scaled, which is said. Exit code 1 where a row's reasons do not add up to its
score to the last digit, where TreeSHAP's do not to 1e-6, or where ours take more than a hundredth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from rapport.engine.statistics.additive import Features, Numbers, fit_additive
from rapport.engine.statistics.auc import Flags

FEATURES = 30
LEARNED_FROM = 20_000
BAR = 100
ROUNDS = 300


def made(rows: int, seed: int = 0) -> tuple[Features, Flags]:
    """Normal, skewed and whole numbers, and an outcome of ten of them."""
    rng = np.random.default_rng(seed)
    columns = {}
    for number in range(FEATURES):
        values = [rng.normal(size=rows), rng.exponential(size=rows) ** 2, rng.integers(0, 40, rows) * 1.0][number % 3]
        values[rng.random(rows) < 0.1] = np.nan
        columns[f"x{number}"] = Numbers(values)
    odds = -2 + sum(np.nan_to_num(columns[f"x{n}"].values) * (0.3, 0.1, 0.03)[n % 3] for n in range(10))
    return Features(columns), rng.random(rows) < 1 / (1 + np.exp(-odds))


def seconds(work: Callable[[], object], times: int) -> tuple[float, object]:
    """The shortest of some runs, and what the last made."""
    best, made_of = float("inf"), None
    for _ in range(times):
        begin = time.perf_counter()
        made_of = work()
        best = min(best, time.perf_counter() - begin)
    return best, made_of


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--contrib-rows", type=int, default=20_000)
    given = parser.parse_args()
    features, events = made(given.rows)
    few = np.arange(min(LEARNED_FROM, given.rows))
    fitting, model = seconds(lambda: fit_additive(features.take(few), events[few]), 1)
    ours, amounts = seconds(lambda: model.contributions(features), 3)  # type: ignore[attr-defined]
    exact = bool((amounts.sum(axis=1) + model.base_micro_logit == model.micro_logits(features)).all())  # type: ignore[attr-defined]
    peer, error, learning = tree_shap(features, events, few, given.contrib_rows)
    scaled = peer * given.rows / given.contrib_rows
    print(f"learn from {len(few):,} rows: additive {fitting:.2f} s, LightGBM {ROUNDS} x 15 leaves {learning:.2f} s")
    print(
        f"reasons of {given.rows:,} rows x {len(model.names)} features: {ours:.3f} s, exact to the last digit: {exact}"
    )  # type: ignore[attr-defined]
    print(
        f"LightGBM pred_contrib: {peer:.2f} s for {given.contrib_rows:,} rows, scaled to {given.rows:,}: "
        f"{scaled:.0f} s, error {error:.1e}"
    )
    print(f"TreeSHAP takes {scaled / ours:,.0f} times as long (at least {BAR})")
    if not exact or error > 1e-6 or scaled / ours < BAR:
        raise SystemExit("The reasons do not hold.")


def tree_shap(features: Features, events: Flags, few: np.ndarray, rows: int) -> tuple[float, float, float]:
    """Seconds for `rows` rows, the largest gap between reasons and score, seconds to learn."""
    import lightgbm

    matrix = np.column_stack([features[name].values for name in features])  # type: ignore[union-attr]
    settings = {"objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "num_threads": 1, "verbose": -1}
    begin = time.perf_counter()
    booster = lightgbm.train(settings, lightgbm.Dataset(matrix[few], label=events[few]), num_boost_round=ROUNDS)
    learning = time.perf_counter() - begin
    part = matrix[:rows]
    spent, amounts = seconds(lambda: booster.predict(part, pred_contrib=True), 1)
    gap = np.abs(np.asarray(amounts).sum(axis=1) - np.asarray(booster.predict(part, raw_score=True))).max()
    return spent, float(gap), learning


if __name__ == "__main__":
    main()
