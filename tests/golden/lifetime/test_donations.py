"""BG/BB on donations: Fader, Hardie & Shang 2010, Marketing Science 29(6); the 22 rows of table 1 in donations.csv."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rapport.engine.scores.lifetime.models import BgBb, PurchaseGroups, fit

ROUNDED = BgBb(1.204, 0.750, 0.657, 2.783)
# Hardie note 010, spreadsheet `Parameter estimate`, as pymc-marketing tests it: (x, t_x) -> ln L of one supporter
LOGS = {
    (6, 6): -2.18167018824,
    (5, 6): -4.29485034929,
    (4, 6): -5.38473334360,
    (3, 6): -5.80915881601,
    (2, 6): -5.65172964525,
    (1, 6): -4.88370164695,
    (5, 5): -3.71682127437,
    (4, 5): -5.09558227343,
    (3, 5): -5.61576884108,
    (2, 5): -5.50636893346,
    (1, 5): -4.76723821904,
    (4, 4): -3.84829625138,
    (3, 4): -5.05936147828,
    (2, 4): -5.19562191019,
    (1, 4): -4.57070931973,
    (3, 3): -3.52745257839,
    (2, 3): -4.51620272962,
    (1, 3): -4.22465969453,
    (2, 2): -3.01199924784,
    (1, 2): -3.58817880928,
    (1, 1): -2.28882847451,
    (0, 0): -1.16751622367,
}


@pytest.fixture(scope="module")
def supporters() -> PurchaseGroups:
    file = Path(__file__).parent / "donations.csv"
    x, t_x, n, count = np.loadtxt(file, delimiter=",", skiprows=5, unpack=True)
    return PurchaseGroups(x, t_x, n, count)


def test_parameters_and_likelihood_are_those_printed(supporters: PurchaseGroups) -> None:
    found = fit("bg_bb", supporters)
    assert (len(supporters), found.n) == (22, 11_104)
    printed = {"alpha": 1.20353, "beta": 0.74972, "gamma": 0.65672, "delta": 2.78343}
    assert {k: getattr(found.model, k) for k in printed} == pytest.approx(printed, rel=1e-5)
    assert found.log_likelihood == pytest.approx(-33_225.58, abs=0.01)
    assert found.warnings == ()


def test_probability_of_being_alive_in_2002(supporters: PurchaseGroups) -> None:
    model = fit("bg_bb", supporters).model
    assert isinstance(model, BgBb)
    three = PurchaseGroups(np.array([0, 2, 6.0]), np.array([0, 4, 6.0]), np.full(3, 6.0))
    assert model.probability_alive(three) == pytest.approx([0.108, 0.590, 0.930], abs=5.1e-4)


def test_expected_gifts_of_all_supporters_over_five_years(supporters: PurchaseGroups) -> None:
    model = fit("bg_bb", supporters).model
    assert isinstance(model, BgBb)
    assert model.expected_purchases(supporters, horizon=5) @ supporters.weight == pytest.approx(12_884.2, abs=0.05)


def test_expected_numbers_of_supporters_who_never_and_always_gave(supporters: PurchaseGroups) -> None:
    model = fit("bg_bb", supporters).model
    assert isinstance(model, BgBb)
    assert 11_104 * model.pmf(np.array([0, 6]), 6) == pytest.approx([3454.9, 1253.1], abs=0.051)


def test_expectation_of_a_new_supporter(supporters: PurchaseGroups) -> None:
    printed = [0.4985, 0.9233, 1.2969, 1.6323, 1.9381, 2.2202, 2.4826, 2.7285, 2.9603, 3.1798, 3.3887]
    model = fit("bg_bb", supporters).model
    assert isinstance(model, BgBb)
    assert model.expected_purchases_of_new(np.arange(1.0, 12.0)) == pytest.approx(printed, abs=5.1e-5)


def test_likelihood_row_by_row() -> None:
    x, t_x = (np.array(column, dtype=float) for column in zip(*LOGS, strict=True))
    rows = ROUNDED.log_likelihood(PurchaseGroups(x, t_x, np.full(len(LOGS), 6.0)))
    assert rows == pytest.approx(list(LOGS.values()), abs=6e-4)
