"""Grouping in the engine and predicting per group gives each customer what the models give them one by one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.lifetime.grouping import grouped_histories, spend_groups
from rapport.engine.scores.lifetime.models import BgNbd, GammaGamma, PurchaseGroups, SpendGroups, fit
from rapport.engine.scores.lifetime.predicting import predictions, with_predictions

BUYING = BgNbd(0.6, 40.0, 0.8, 2.5)
SPENDING = GammaGamma(6.0, 4.0, 15.0)


def table(count: int = 5_000) -> pa.Table:
    random = np.random.default_rng(8)
    age = random.integers(1, 300, count)
    x = np.minimum(random.geometric(0.5, count) - 1, age)
    t_x = np.where(x > 0, np.maximum((age * random.random(count)).astype(int), 1), 0)
    spend = np.round(random.gamma(6 * np.maximum(x, 1)) / (random.gamma(4, size=count) / 15 * np.maximum(x, 1)), 2)
    spend = np.where(np.arange(count) % 50 == 0, 0.0, np.maximum(spend, 0.01))
    return pa.table(
        {
            "subject_id": [f"c{n:05}" for n in range(count)],
            "x": pa.array(x, pa.int64()),
            "t_x": pa.array(t_x, pa.int64()),
            "age": pa.array(age, pa.int64()),
            "mean_spend": pa.array(spend, mask=x == 0),
        }
    )


def column(rows: pa.Table, name: str) -> np.ndarray:
    return np.asarray(rows[name].to_numpy(), dtype=float)


def test_groups_hold_every_customer_once(runner: DuckdbRunner) -> None:
    rows = table()
    found = grouped_histories(runner.from_arrow(rows), runner)
    assert found.groups.customers == len(rows)
    assert len(found.groups) < len(rows)
    keys = np.column_stack([column(rows, name) for name in ("x", "t_x", "age")])
    distinct, weight = np.unique(keys, axis=0, return_counts=True)
    order = np.lexsort((found.groups.T, found.groups.t_x, found.groups.x))
    assert np.array_equal(found.groups.x[order], distinct[:, 0])
    assert np.array_equal(found.groups.weight[order], weight)


def test_a_fit_on_groups_is_the_fit_on_customers(runner: DuckdbRunner) -> None:
    rows = table()
    grouped = fit("bg_nbd", grouped_histories(runner.from_arrow(rows), runner).groups)
    each = fit("bg_nbd", PurchaseGroups(column(rows, "x"), column(rows, "t_x"), column(rows, "age")))
    assert grouped.log_likelihood == pytest.approx(each.log_likelihood, rel=1e-10)
    assert grouped.n == each.n == len(rows)


def test_spend_in_classes_fits_as_spend_of_each(runner: DuckdbRunner) -> None:
    rows = table()
    groups = spend_groups(runner.from_arrow(rows), runner)
    spent = np.nan_to_num(column(rows, "mean_spend")) > 0
    assert groups.customers == spent.sum()
    assert len(groups) < spent.sum()
    classes = fit("gamma_gamma", groups).model
    each = fit("gamma_gamma", SpendGroups(column(rows, "x")[spent], column(rows, "mean_spend")[spent])).model
    assert np.exp(classes.log_parameters) == pytest.approx(np.exp(each.log_parameters), rel=1e-5)


def test_everybody_gets_what_the_models_say_of_them(runner: DuckdbRunner) -> None:
    rows = table()
    histories = runner.from_arrow(rows)
    found = predictions(BUYING, grouped_histories(histories, runner), horizon=90, rate=0.0004)
    told = runner.to_arrow(with_predictions(histories, runner.from_arrow(found), SPENDING)).sort_by("subject_id")
    assert told["subject_id"].to_pylist() == rows["subject_id"].to_pylist()
    groups = PurchaseGroups(column(rows, "x"), column(rows, "t_x"), column(rows, "age"))
    spend = np.nan_to_num(column(rows, "mean_spend"))
    worth = SPENDING.expected_value(np.where(spend > 0, groups.x, 0), spend)
    life = BUYING.discounted_purchases(groups, horizon=90, rate=0.0004)
    assert column(told, "alive") == pytest.approx(BUYING.probability_alive(groups), rel=1e-12)
    assert column(told, "purchases") == pytest.approx(BUYING.expected_purchases(groups, horizon=90), rel=1e-8)
    assert column(told, "spend_per_purchase") == pytest.approx(worth, rel=1e-12)
    assert column(told, "value") == pytest.approx(life * worth, rel=1e-8)


def test_an_infinite_mean_is_null_not_a_number(runner: DuckdbRunner) -> None:
    rows = table(200)
    histories = runner.from_arrow(rows)
    found = predictions(BUYING, grouped_histories(histories, runner), horizon=90, rate=0.0)
    told = runner.to_arrow(with_predictions(histories, runner.from_arrow(found), GammaGamma(0.5, 0.6, 15.0)))
    once = column(told, "x") == 0
    assert once.any()
    assert np.isnan(column(told, "value")[once]).all()
