"""What the models predict for CDNOW customers, against printed tables. Weeks. Sources beside each case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from golden.lifetime.histories import CALIBRATION_END, DATA_END, Cohort, cohort, summary
from rapport.engine.scores.lifetime.models import (
    BgNbd,
    GammaGamma,
    ParetoNbd,
    PurchaseGroups,
    conditional_means,
    fit,
    frequency_histogram,
)

BG_NBD = BgNbd(0.243, 4.414, 0.793, 2.426)
BG_NBD_SHEET = BgNbd(0.242594, 4.413602, 0.792922, 2.425907)
PARETO_NBD = ParetoNbd(0.553, 10.578, 0.606, 11.669)
WEEKS = 39


def one(x: float, t_x: float, age: float) -> PurchaseGroups:
    return PurchaseGroups(np.array([x]), np.array([t_x]), np.array([age]))


class TestPrintedParameters:
    @pytest.mark.parametrize(
        ("x", "t_x", "expected", "alive"),
        [(2, 30.43, 1.226, 0.7266), (0, 0, 0.1951, 1.0), (7, 29.43, 3.337, 0.6418)],
        ids=["0001", "0003", "0006"],
    )
    def test_bg_nbd_of_single_customers(self, x: float, t_x: float, expected: float, alive: float) -> None:
        """lifetimes tests/test_estimation.py (0001); Fader, Hardie & Lee 2005, figure 5's customers (0003, 0006)."""
        customer = one(x, t_x, 38.86)
        assert BG_NBD.expected_purchases(customer, horizon=WEEKS) == pytest.approx([expected], abs=6e-4)
        assert BG_NBD.probability_alive(customer) == pytest.approx([alive], abs=5.1e-5)

    def test_bg_nbd_expectation_of_a_new_customer(self) -> None:
        """Hardie's spreadsheet of BG/NBD, column E[X(t)], as lifetimes tests it."""
        times = np.array([0.1429, 1, 3, 31.8571, 32, 78])
        printed = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
        assert BG_NBD_SHEET.expected_purchases_of_new(times) == pytest.approx(printed, abs=4e-4)
        assert BG_NBD_SHEET.expected_purchases_of_new(times[:-1]) == pytest.approx(printed[:-1], abs=5.1e-5)

    @pytest.mark.parametrize(
        ("count", "time", "printed", "digits"),
        [(10, 2, 1.07869e-07, 1e-5), (0, 39, 0.5737864, 1e-6), (11, 30, 0.0019995214, 1e-7)],
    )
    def test_bg_nbd_probability_of_a_count(self, count: int, time: float, printed: float, digits: float) -> None:
        """Manual of the R package BTYD, bgnbd.pmf."""
        assert BG_NBD.pmf(np.array([count]), time) == pytest.approx([printed], rel=digits)

    def test_bg_nbd_spreadsheet_row_by_row(self) -> None:
        """Hardie note 004, spreadsheet `BGNBD Estimation`, first customers, column ln L."""
        x = np.array([2, 1, 0, 7, 1, 2, 5, 10, 1.0])
        t_x = np.array([30.43, 1.71, 0, 29.43, 5.0, 35.71, 24.43, 34.14, 4.86])
        printed = [-9.4596, -4.4711, -0.5538, -21.8644, -4.8651, -9.5367, -17.3593, -27.3144, -4.8520]
        rows = BG_NBD_SHEET.log_likelihood(PurchaseGroups(x, t_x, np.full(9, 38.86)))
        assert rows == pytest.approx(printed, abs=2e-3)

    def test_pareto_nbd_of_the_busiest_customer(self) -> None:
        """Walkthrough of the R package BTYD; the same customer under BG/NBD by an independent program."""
        customer = one(26, 30.86, 31)
        assert PARETO_NBD.probability_alive(customer) == pytest.approx([0.9979], abs=5.1e-5)
        assert PARETO_NBD.expected_purchases(customer, horizon=52) == pytest.approx([25.46], abs=5.1e-3)
        assert BG_NBD.probability_alive(customer) == pytest.approx([0.9689], abs=5.1e-5)
        assert BG_NBD.expected_purchases(customer, horizon=52) == pytest.approx([25.759], abs=1e-3)

    def test_pareto_nbd_expectation_of_a_new_customer(self) -> None:
        """By an independent program; the BTYD manual prints .0508 .0992 .. with other rounding of the parameters."""
        printed = [0.0510, 0.0996, 0.1461, 0.1907, 0.2337, 0.2751, 0.3150, 0.3538, 0.3913]
        found = PARETO_NBD.expected_purchases_of_new(np.arange(1.0, 10.0))
        assert found == pytest.approx(printed, abs=2e-4)
        manual = [0.0508, 0.0992, 0.1454, 0.1898, 0.2325, 0.2736, 0.3134, 0.3518, 0.3891]
        assert found == pytest.approx(manual, abs=0.01)
        assert PARETO_NBD.expected_purchases_of_new(np.array([52.0])) == pytest.approx([1.4731], abs=2e-4)

    def test_discounted_expected_transactions(self) -> None:
        """Fader, Hardie & Lee 2005, JMR: DET at 39-week parameters, T = 77.86, 15 % a year; by two programs."""
        model = ParetoNbd(0.5533, 10.5776, 0.6062, 11.6677)
        customers = PurchaseGroups(
            np.array([0, 1, 7, 9, 1, 7, 14.0]), np.array([0, 30, 35, 40, 77, 70, 77.0]), np.full(7, 77.86)
        )
        found = model.discounted_purchases(customers, horizon=np.inf, rate=np.log(1.15) / 52)
        assert found == pytest.approx([0.18, 1.43, 0.89, 1.08, 3.13, 14.11, 29.27], abs=5.1e-3)
        rounded = model.discounted_purchases(customers, horizon=np.inf, rate=0.0027)
        assert rounded == pytest.approx([0.18, 1.43, 0.89, 1.07, 3.12, 14.07, 29.19], abs=8e-3)

    def test_frequent_buyers_are_worth_less_where_they_fell_silent(self) -> None:
        """BTYD walkthrough, the increasing-frequency paradox: t_x = 20, T = 39, the next 52 weeks."""
        x = np.array([10, 15, 20, 25.0])
        customers = PurchaseGroups(x, np.full(4, 20.0), np.full(4, 39.0))
        found = BG_NBD_SHEET.expected_purchases(customers, horizon=52)
        assert found == pytest.approx([0.3475, 0.0428, 0.0042, 0.0004], abs=5.1e-5)


class TestSpend:
    def test_conditional_mean_of_the_first_ten_customers(self, real_data: Path) -> None:
        """Hardie note 025, column E(M | zbar, x), as lifetimes tests it (to 0.1)."""
        first = summary(real_data)
        found = GammaGamma(6.25, 3.74, 15.44).expected_value(first.histories.x[:10], first.mean_spend[:10])
        printed = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
        assert found == pytest.approx(printed, abs=0.055)
        assert found[:3] == pytest.approx([24.66, 18.92, 35.22], abs=6e-3)


@pytest.fixture(scope="module")
def calibration(real_data: Path) -> Cohort:
    return cohort(real_data, CALIBRATION_END)


@pytest.fixture(scope="module")
def later(real_data: Path, calibration: Cohort) -> np.ndarray:
    return cohort(real_data, DATA_END).histories.x - calibration.histories.x


class TestFit:
    """Fader, Hardie & Lee 2005, Marketing Science: figure 2 (histogram), figure 5 (conditional means), section 4."""

    OBSERVED = (1411, 439, 214, 100, 62, 38, 29, 64)

    def test_histogram_of_bg_nbd(self, calibration: Cohort) -> None:
        found = frequency_histogram(fit("bg_nbd", calibration.histories).model, calibration.histories)
        assert found.observed == self.OBSERVED
        printed = (1407.7, 460.3, 192.5, 101.2, 59.8, 38.1, 25.5, 71.9)
        assert found.expected == pytest.approx(printed, abs=0.051)
        assert found.chi_square == pytest.approx(4.82, abs=5e-3)
        assert found.p_value == pytest.approx(0.19, abs=5e-3)

    def test_histogram_of_pareto_nbd(self, calibration: Cohort) -> None:
        found = frequency_histogram(fit("pareto_nbd", calibration.histories).model, calibration.histories)
        assert found.chi_square == pytest.approx(11.99, abs=5e-3)
        assert found.p_value == pytest.approx(0.007, abs=5e-4)

    def test_holdout_totals(self, calibration: Cohort, later: np.ndarray) -> None:
        found = fit("bg_nbd", calibration.histories).model.expected_purchases(calibration.histories, horizon=WEEKS)  # type: ignore[attr-defined]
        assert later.sum() == 1882
        assert found.sum() == pytest.approx(1653, abs=0.5)
        assert np.abs(later - found).mean() == pytest.approx(0.785, abs=5.1e-4)
        assert np.sqrt(((later - found) ** 2).mean()) == pytest.approx(1.608, abs=5.1e-4)

    @pytest.mark.parametrize(("name", "printed"), [("bg_nbd", 0.626), ("pareto_nbd", 0.630)])
    def test_correlation_in_the_holdout(
        self, name: str, printed: float, calibration: Cohort, later: np.ndarray
    ) -> None:
        found = fit(name, calibration.histories).model.expected_purchases(calibration.histories, horizon=WEEKS)  # type: ignore[attr-defined]
        assert np.corrcoef(found, later)[0, 1] == pytest.approx(printed, abs=5.1e-4)

    def test_conditional_means(self, calibration: Cohort, later: np.ndarray) -> None:
        histories = calibration.histories
        found = conditional_means(fit("bg_nbd", histories).model, histories, later, horizon=WEEKS)
        assert [c.purchases for c in found] == list(range(8))
        assert tuple(c.customers for c in found) == self.OBSERVED
        actual = [0.237, 0.697, 1.393, 1.56, 2.532, 2.947, 3.862, 6.359]
        assert [c.actual for c in found] == pytest.approx(actual, abs=5.1e-4)
        expected = [0.225, 0.523, 1.044, 1.52, 2.164, 2.654, 3.504, 6.157]
        assert [c.expected for c in found] == pytest.approx(expected, abs=5.1e-4)

    def test_customers_who_bought_once_are_worth_4_dollars_40(self, real_data: Path) -> None:
        """JMR 2005, p. 425: zero class average CLV $4.40, margin 30 %, 15 % a year, closed-form DERT x Gamma-Gamma."""
        whole = cohort(real_data, DATA_END)
        buying = fit("pareto_nbd", whole.histories).model
        spend = fit("gamma_gamma", whole.spend).model
        assert isinstance(buying, ParetoNbd)
        assert isinstance(spend, GammaGamma)
        life = buying.discounted_purchases(whole.histories, horizon=np.inf, rate=np.log(1.15) / 52)
        value = 0.3 * life * spend.expected_value(whole.histories.x, whole.mean_spend)
        assert value[whole.histories.x == 0].mean() == pytest.approx(4.40, abs=5e-3)
