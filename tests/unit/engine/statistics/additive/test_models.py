"""Additive models: exact reasons, directions, small data, the same answer on an engine."""

import json
from collections.abc import Callable

import ibis
import numpy as np
import pytest

from rapport.engine.errors import DataError, MissingColumn
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.statistics.additive import (
    AdditiveModel,
    CategoryTable,
    Features,
    NumericTable,
    fit_additive,
    fit_boosted,
    fit_linear,
)
from rapport.engine.statistics.additive.expression import contribution_column, model_expression
from rapport.engine.statistics.auc import Cases, auc
from unit.engine.statistics.additive.companies import company

FITS = pytest.mark.parametrize("fit", [fit_additive, fit_linear])
Fit = Callable[..., AdditiveModel]


def ranking(scores: np.ndarray, events: np.ndarray) -> float:
    value = auc([Cases(scores=scores.astype(float), events=events, clusters=np.arange(len(events)))]).value
    assert value is not None
    return value


@FITS
class TestAnAdditiveModel:
    def test_has_reasons_that_add_up_to_the_last_digit(self, fit: Fit) -> None:
        features, events = company()
        model = fit(features, events)
        amounts = model.contributions(features)
        assert amounts.dtype == np.int64
        assert (amounts.sum(axis=1) + model.base_micro_logit == model.micro_logits(features)).all()

    def test_is_centred_on_the_rows_it_learned_from(self, fit: Fit) -> None:
        features, events = company()
        model = fit(features, events)
        assert np.abs(model.contributions(features).mean(axis=0)).max() < 1  # micro-logits: rounding only
        assert abs(model.micro_logits(features).mean() - model.base_micro_logit) < len(model.tables)

    def test_finds_what_matters(self, fit: Fit) -> None:
        features, events = company()
        fresh, later = company(seed=2)
        model = fit(features, events)
        spread = dict(zip(model.names, np.ptp(model.contributions(features), axis=0), strict=True))
        assert spread["visits"] > spread["plan"] > spread.get("noise", 0)
        visits = fresh["visits"].values  # type: ignore[union-attr]
        known = np.where(np.isnan(visits), 9.5, visits)
        truth = 0.2 * known + 0.7 * (fresh["plan"].codes == 1)  # type: ignore[union-attr]
        assert ranking(model.log_odds(fresh), later) > ranking(truth, later) - 0.01

    def test_is_the_same_each_time(self, fit: Fit) -> None:
        features, events = company(1000)
        assert json.dumps(fit(features, events).to_dict()) == json.dumps(fit(features, events).to_dict())

    def test_comes_back_from_json(self, fit: Fit) -> None:
        features, events = company(1000)
        model = fit(features, events)
        again = AdditiveModel.from_dict(json.loads(json.dumps(model.to_dict())))
        assert (again.contributions(features) == model.contributions(features)).all()
        assert again.base_micro_logit == model.base_micro_logit
        assert again.base_rate == events.mean()

    def test_tells_the_same_on_an_engine(self, fit: Fit, runner: DuckdbRunner) -> None:
        features, events = company(2000)
        model = fit(features, events)
        fresh, _ = company(500, seed=3)
        plan = [*fresh["plan"].levels, "never seen"]  # type: ignore[union-attr]
        strange = Features.of({"visits": [-5.0, 99.0, 3.5, None], "plan": [*plan], "noise": [0.0, None, 9e9, -9e9]})
        for rows in (fresh, strange):
            table = ibis.memtable(rows.to_arrow().append_column("row", [range(rows.count)]))
            told = runner.to_arrow(model_expression(model, table).order_by("row"))
            assert told["micro_logit"].to_pylist() == model.micro_logits(rows).tolist()
            for position, amounts in enumerate(model.contributions(rows).T):
                assert told[contribution_column(position)].to_pylist() == amounts.tolist()

    def test_shows_support_by_bin(self, fit: Fit) -> None:
        features, events = company()
        plan = next(table for table in fit(features, events).tables if table.name == "plan")
        assert isinstance(plan, CategoryTable)
        assert plan.labels == ("free", "pro", "team", "other", "unknown")
        pro = features["plan"].codes == 1  # type: ignore[union-attr]
        assert plan.counts.tolist()[1] == pro.sum()
        assert plan.events.tolist()[1] == events[pro].sum()
        assert plan.counts.tolist()[3:] == [0, 0]
        assert plan.micros.tolist()[3:] == [0, 0]

    def test_says_the_base_rate_where_nobody_or_everybody_had_the_event(self, fit: Fit) -> None:
        features, events = company(60)
        for outcome in (np.zeros(60, dtype=bool), np.ones(60, dtype=bool)):
            told = fit(features, outcome).probabilities(features)
            assert np.ptp(told) == 0
            assert told[0] == pytest.approx((outcome.sum() + 0.5) / 61, abs=1e-6)
        del events

    def test_stays_near_the_base_rate_where_little_is_known(self, fit: Fit) -> None:
        rng = np.random.default_rng(5)
        features = Features.of({f"x{i}": rng.normal(size=40) for i in range(10)})
        events = rng.random(40) < 0.2
        told = fit(features, events).probabilities(features)
        assert np.abs(told - events.mean()).max() < 0.25

    def test_leaves_rows_of_one_subject_out_together(self, fit: Fit) -> None:
        features, events = company(600)
        twice = features.take(np.tile(np.arange(600), 2))
        alone = fit(twice, np.tile(events, 2)).out_of_fold
        together = fit(twice, np.tile(events, 2), groups=np.tile(np.arange(600), 2)).out_of_fold
        assert alone is not None
        assert together is not None
        assert (together[:600] == together[600:]).all()
        assert not (alone[:600] == alone[600:]).all()

    def test_counts_a_row_by_its_weight(self, fit: Fit) -> None:
        features, events = company(1500)
        once = fit(features, events, weights=np.where(events, 3.0, 1.0))
        told = once.probabilities(features)
        weights = np.where(events, 3.0, 1.0)
        assert np.average(told, weights=weights) == pytest.approx(np.average(events, weights=weights), abs=0.02)

    def test_names_the_column_that_is_missing_or_of_another_kind(self, fit: Fit) -> None:
        features, events = company(1000)
        model = fit(features, events)
        with pytest.raises(MissingColumn, match="plan"):
            model.micro_logits(features.without("plan"))
        with pytest.raises(DataError, match="learned 'plan' as a category"):
            model.micro_logits(Features({**features.columns, "plan": features["visits"]}))


class TestDirections:
    def test_a_declared_direction_holds_in_every_range(self) -> None:
        rng = np.random.default_rng(0)
        visits = rng.integers(0, 30, 800).astype(float)
        events = rng.random(800) < 0.3 + 0.02 * np.sin(visits)
        model = fit_additive(Features.of({"visits": visits}), events, monotone={"visits": 1})
        up = [np.diff(t.micros[:-1]) for t in model.tables if isinstance(t, NumericTable)]
        assert all((steps >= 0).all() for steps in up)
        free = fit_additive(Features.of({"visits": visits - 15}), rng.random(800) < 0.1 + 0.02 * np.abs(visits - 15))
        assert any((np.diff(t.micros[:-1]) < 0).any() for t in free.tables)

    def test_a_slope_against_the_declared_direction_is_left_at_0(self) -> None:
        features, events = company()
        model = fit_linear(features, events, monotone={"visits": -1})
        visits = [t for t in model.tables if t.name == "visits"]
        assert all(np.ptp(t.micros[:-1]) == 0 for t in visits)


class TestManyRows:
    def test_a_sample_is_learned_from_and_all_rows_are_counted(self) -> None:
        features, events = company(70_000)
        model = fit_additive(features.select(["visits", "plan"]), events)
        assert model.n == 70_000
        assert model.event_count == events.sum()
        assert model.out_of_fold is not None
        assert not np.isnan(model.out_of_fold).any()
        assert model.probabilities(features).mean() == pytest.approx(events.mean(), abs=0.01)


class TestTheChallenger:
    def test_is_the_same_each_time_and_knows_new_categories_as_unknown(self) -> None:
        features, events = company(1000)
        one, two = fit_boosted(features, events), fit_boosted(features, events)
        assert (one.log_odds(features) == two.log_odds(features)).all()
        new = Features({**features.columns, "plan": Features.of({"p": ["new"] * 1000})["p"]})
        unknown = Features({**features.columns, "plan": Features.of({"p": [None] * 999 + ["free"]})["p"]})
        assert (one.log_odds(new)[:999] == one.log_odds(unknown)[:999]).all()

    def test_its_tree_reasons_add_up(self) -> None:
        features, events = company(1000)
        model = fit_boosted(features, events)
        assert model.tree_contributions(features).sum(axis=1) == pytest.approx(model.log_odds(features), abs=1e-6)
