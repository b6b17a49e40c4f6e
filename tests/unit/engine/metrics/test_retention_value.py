"""What customers are worth and whether they are still there: models of lifetime scores at each period's end."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Only, Period, measure
from rapport.engine.metrics.lifetimes.purchase_log import PurchaseLog, standing
from rapport.engine.metrics.lifetimes.valuation import Horizon, PurchaseModel, fitted, fitted_contracts
from rapport.engine.scores.lifetime.models.bg_nbd import BgNbd
from rapport.engine.scores.lifetime.models.gamma_gamma import GammaGamma
from rapport.engine.scores.lifetime.models.groups import PurchaseGroups
from rapport.engine.scores.rfm.segments import SEGMENTS
from tiny_company import Company, utc

NOW = utc("2025-01-01")
DECEMBER = Period.month(2024, 12)
PERSON: dict[str, object] = {"customer_grain": "person", "data_through": NOW}
CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


def value_of(metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period = DECEMBER) -> MetricValue:
    return measure([metric], snapshot, period=period, as_of=NOW, runner=runner)[0]


def shop(seed: int = 1, buyers: int = 120) -> list[dict[str, object]]:
    """Orders of two years: some buyers come often, some stopped, some bought once."""
    draw, orders = random.Random(seed), []
    for i in range(buyers):
        day = date(2023, 1, 1) + timedelta(days=draw.randrange(500))
        until = date(2024, 12, 31) if draw.random() < 0.5 else day + timedelta(days=draw.randrange(300))
        usual = draw.choice([10, 30, 60, 120])
        while day <= until:
            amount = draw.choice([10, 20, 35.5])
            orders.append(
                {
                    "contact_id": f"p{i}",
                    "ordered_at": f"{day} 12:00",
                    "amount": amount,
                    "margin": round(amount * 0.4, 2),
                }
            )
            day += timedelta(days=1 + int(draw.expovariate(1 / usual)))
    return orders


def test_p_alive_of_published_parameters() -> None:
    """CDNOW, weeks: (2, 30.43, 38.86), (0, 0, 38.86), (26, 30, 31). Fader, Hardie & Lee 2005."""
    groups = PurchaseGroups(np.array([2.0, 0, 26]), np.array([30.43, 0, 30]), np.array([38.86, 38.86, 31]))
    assert CDNOW.probability_alive(groups) == pytest.approx([0.7266, 1.0, 0.9422], abs=5e-5)


def log_of(rows: list[tuple[str, date, float]]) -> PurchaseLog:
    n = len(rows)
    return PurchaseLog.of(
        pa.table(
            {
                "customer_id": [who for who, *_ in rows],
                "day": [day for _, day, _ in rows],
                "purchases": [1] * n,
                "priced": [1] * n,
                "spent": [spent for *_, spent in rows],
                "margin": [0.0] * n,
                "margin_of": [0.0] * n,
            }
        )
    )


def test_customers_as_they_stood_on_a_day() -> None:
    """q's third purchase comes later; r's first one too."""
    rows = [("q", date(2024, 1, 1), 10.0), ("q", date(2024, 1, 31), 30.0), ("q", date(2024, 5, 1), 9.0)]
    stood = standing(log_of([*rows, ("p", date(2024, 2, 1), 5.0), ("r", date(2024, 3, 2), 5.0)]), date(2024, 3, 1))
    by_age = sorted(zip(stood.age, stood.x, stood.t_x, stood.since, stood.mean_spend, strict=True))
    assert by_age == [(29, 0, 0, 29, 5.0), (60, 1, 30, 30, 20.0)]


def test_lifetime_value_is_the_sum_over_discounted_months() -> None:
    """By hand from E[Y(t)] of the published model: months 1 .. 3, each by 1.01 to the month."""
    model = PurchaseModel(CDNOW, GammaGamma(6.25, 3.74, 15.44))
    stood = standing(log_of([("p", date(2024, 1, 1), 30.0), ("p", date(2024, 1, 31), 40.0)]), date(2024, 2, 15))
    groups = PurchaseGroups(stood.x, stood.t_x, stood.age)
    month = 365.25 / 12
    so_far = [0.0, *(float(CDNOW.expected_purchases(groups, horizon=m * month)[0]) for m in (1, 2, 3))]
    amount = float(GammaGamma(6.25, 3.74, 15.44).expected_value(np.array([2.0]), np.array([35.0]))[0])
    expected = sum((so_far[m] - so_far[m - 1]) / 1.01**m for m in (1, 2, 3)) * amount
    assert model.value(stood, Horizon(months=3)) == pytest.approx([expected])
    assert model.value(stood, Horizon(months=3, discount=0)) > expected


def test_contracts_are_worth_their_survival() -> None:
    """Of contracts that never end nearly all months come; where every second ends each month, few."""
    ages = np.full(400, 700.0)
    steady = fitted_contracts(ages, np.zeros(400, dtype=bool)).months(np.array([700.0]), Horizon(discount=0))
    assert 11 < steady[0] <= 12
    shaky_ages = np.repeat([10.0, 40.0, 70.0, 100.0], [200, 100, 50, 50])
    shaky = fitted_contracts(shaky_ages, np.repeat([True, False], [350, 50])).months(np.array([15.0]), Horizon())
    assert 0.5 < shaky[0] < 3


class TestOnAShop:
    @pytest.fixture
    def snapshot(self, company: Company) -> Snapshot:
        return company(orders=shop(), settings=PERSON)

    def test_equity_is_the_sum_of_lifetime_values(self, snapshot: Snapshot, runner: DuckdbRunner) -> None:
        metrics = ["clv_predicted", "clv_predicted_revenue", "customer_equity", "p_alive", "customers_alive"]
        told = {v.metric: v for v in measure(metrics, snapshot, period=DECEMBER, as_of=NOW, runner=runner)}
        clv, equity = told["clv_predicted"], told["customer_equity"]
        assert clv.n == equity.n == 120
        assert float(equity.value or 0) == pytest.approx(float(clv.value or 0) * 120)
        assert float(clv.value or 0) == pytest.approx(0.4 * float(told["clv_predicted_revenue"].value or 0))
        assert clv.n_assumed == 0
        assert 0 < float(told["p_alive"].value or 0) < 1
        assert 0 < float(told["customers_alive"].value or 0) < 120

    def test_a_past_month_is_told_as_it_was_known_then(
        self, snapshot: Snapshot, company: Company, runner: DuckdbRunner
    ) -> None:
        """Without the orders since, the month has the same value: nothing of them is used."""
        before = company(orders=[o for o in shop() if str(o["ordered_at"]) < "2024-07"], settings=PERSON)
        june = Period.month(2024, 6)
        for metric in ("clv_predicted", "p_alive", "clv_historic", "logo_churn_rate_model"):
            value = value_of(metric, snapshot, runner, june).value
            assert value is not None
            assert value_of(metric, before, runner, june).value == pytest.approx(value)

    def test_months_asked_together_are_those_asked_alone(self, snapshot: Snapshot, runner: DuckdbRunner) -> None:
        months = measure(
            ["clv_predicted"], snapshot, period=Period.quarter(2024, 3), grain="month", as_of=NOW, runner=runner
        )
        alone = [value_of("clv_predicted", snapshot, runner, v.period).value for v in months]
        assert [v.value for v in months] == pytest.approx(alone)

    def test_segments_add_up_to_one(self, snapshot: Snapshot, runner: DuckdbRunner) -> None:
        values = measure(["rfm_segment_share"], snapshot, period=DECEMBER, as_of=NOW, runner=runner, by=["rfm_segment"])
        assert {str(v.dimensions["rfm_segment"]) for v in values} <= set(SEGMENTS)
        assert len(values) > 4
        assert sum(float(v.value or 0) for v in values) == pytest.approx(1)
        assert all(v.denominator == pytest.approx(120) for v in values)
        loyal = [Only("rfm_segment", ("loyal", "champions"))]
        clv = {
            v.metric: v
            for v in measure(["p_alive"], snapshot, period=DECEMBER, as_of=NOW, runner=runner, filters=loyal)
        }
        assert float(clv["p_alive"].value or 0) > float(value_of("p_alive", snapshot, runner).value or 0)

    def test_without_margins_it_is_revenue_and_says_so(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [{**o, "margin": None} for o in shop(buyers=40)]
        plain = company(orders=orders, settings=PERSON)
        told = value_of("clv_predicted", plain, runner)
        revenue = value_of("clv_predicted_revenue", plain, runner)
        assert told.value == revenue.value
        assert told.n_assumed == told.n == 40
        assert value_of("clv_historic", plain, runner).value is None
        quarter = company(orders=orders, settings={**PERSON, "gross_margin_percent": 25})
        assert value_of("clv_predicted", quarter, runner).value == pytest.approx(0.25 * float(revenue.value or 0))
        assert value_of("clv_predicted", quarter, runner).n_assumed == 0

    def test_a_model_that_is_none_is_named(self, company: Company, runner: DuckdbRunner) -> None:
        with pytest.raises(DefinitionError, match="no such lifetime model"):
            value_of("p_alive", company(orders=shop(buyers=5), settings={**PERSON, "lifetime_model": "magic"}), runner)


def test_value_to_date_by_hand(company: Company, runner: DuckdbRunner) -> None:
    """p: 100 less 30 given back in February; q: 50. A refund takes as much off the margin."""
    orders = [
        {"id": "o1", "contact_id": "p", "ordered_at": "2024-01-10", "amount": 100, "margin": 60},
        {"id": "o2", "contact_id": "q", "ordered_at": "2024-01-11", "amount": 50, "margin": 10},
        {"id": "o3", "contact_id": "q", "ordered_at": "2024-01-12", "amount": 70, "margin": 10, "status": "refunded"},
    ]
    refunds = [{"order_id": "o1", "amount": 30, "refunded_at": "2024-02-20"}]
    snapshot = company(orders=orders, refunds=refunds, settings=PERSON)
    told = [
        value_of(metric, snapshot, runner, Period.month(2024, month)).value
        for metric in ("clv_historic_revenue", "clv_historic")
        for month in (1, 2)
    ]
    assert told == [75, 60, 35, 20]


def test_a_running_contract_tells_alone(company: Company, runner: DuckdbRunner) -> None:
    """a has a contract and bought: no P(alive), and worth at most twelve months of it. b only buys."""
    orders = [
        {"account_id": who, "ordered_at": day, "amount": 500}
        for who in ("a", "b")
        for day in ("2024-10-01", "2024-11-01")
    ]
    contracts = [{"account_id": "a", "started_at": "2024-01-01", "monthly_amount": 10}]
    snapshot = company(orders=orders, contracts=contracts, settings={"data_through": NOW})
    assert value_of("p_alive", snapshot, runner).n == 1
    values = measure(["clv_predicted_revenue"], snapshot, period=DECEMBER, as_of=NOW, runner=runner, by=["account"])
    told = {v.dimensions["account"]: float(v.value or 0) for v in values}
    assert 0 < told["a"] < 120
    assert told["b"] > 120


def test_a_fit_finds_what_it_was_drawn_from() -> None:
    """The fit of the metric recovers the parameters that 3,000 customers were drawn from, and their mean P(alive)."""
    random_, rows = np.random.default_rng(5), []
    true = BgNbd(r=0.8, alpha=20.0, a=0.6, b=3.0)
    for i in range(3000):
        rate, leaves = random_.gamma(true.r) / true.alpha, random_.beta(true.a, true.b)
        day = int(random_.integers(0, 200))
        at = float(day)
        rows.append((f"p{i}", date(2024, 1, 1) + timedelta(days=day), 10.0))
        while random_.random() > leaves or at == day:
            at += random_.exponential(1 / rate)
            if at > 365:
                break
            rows.append((f"p{i}", date(2024, 1, 1) + timedelta(days=int(at)), 10.0))
    stood = standing(log_of(list(dict.fromkeys(rows))), date(2024, 12, 31))
    found = fitted(stood, "bg_nbd")
    expected = float(true.probability_alive(PurchaseGroups(stood.x, stood.t_x, stood.age)).mean())
    assert float(found.alive(stood).mean()) == pytest.approx(expected, abs=0.03)


def test_without_any_purchase_there_is_nothing_to_tell(company: Company, runner: DuckdbRunner) -> None:
    orders = [{"contact_id": "p", "ordered_at": "2024-10-01", "amount": 5, "status": "cancelled"}]
    metrics = ["p_alive", "clv_predicted", "rfm_segment_share", "clv_historic_revenue"]
    values = measure(metrics, company(orders=orders, settings=PERSON), period=DECEMBER, as_of=NOW, runner=runner)
    assert [v.value for v in values] == [None] * 4
    assert all(v.reason for v in values)


def test_before_the_first_purchase_there_is_nothing_to_tell(company: Company, runner: DuckdbRunner) -> None:
    snapshot = company(orders=shop(buyers=5), settings=PERSON)
    for metric in ("p_alive", "clv_predicted", "rfm_segment_share"):
        assert value_of(metric, snapshot, runner, Period.month(2022, 5)).value is None
