"""Groups refuse what cannot be a history, and count as said."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.errors import DataError
from rapport.engine.scores.lifetime.models import PurchaseGroups, SpendGroups, TermGroups
from rapport.engine.scores.lifetime.models.groups import distinct


def columns(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


class TestPurchases:
    def test_each_row_is_one_customer_unless_weighted(self) -> None:
        assert PurchaseGroups(columns(0, 1), columns(0, 5), columns(9, 9)).customers == 2
        assert PurchaseGroups(columns(0, 1), columns(0, 5), columns(9, 9), columns(3, 4)).customers == 7

    @pytest.mark.parametrize(
        ("x", "t_x", "age"),
        [(1, 10, 9), (0, 3, 9), (-1, 0, 9), (1, -1, 9)],
        ids=["last purchase after now", "last purchase without any", "negative count", "negative time"],
    )
    def test_contradictions_are_refused(self, x: float, t_x: float, age: float) -> None:
        with pytest.raises(DataError, match="contradicts itself") as refusal:
            PurchaseGroups(columns(0, x), columns(0, t_x), columns(1, age))
        assert refusal.value.where == "row 1"

    def test_missing_values_and_lengths_are_refused(self) -> None:
        with pytest.raises(DataError, match="missing"):
            PurchaseGroups(columns(1), columns(np.nan), columns(9))
        with pytest.raises(DataError, match="length"):
            PurchaseGroups(columns(1, 2), columns(1), columns(9, 9))

    def test_some_rows(self) -> None:
        groups = PurchaseGroups(columns(0, 1, 2), columns(0, 5, 6), columns(9, 8, 7), columns(1, 2, 3))
        some = groups.take(groups.x > 0)
        assert (some.T.tolist(), some.weight.tolist()) == ([8, 7], [2, 3])


class TestSpend:
    def test_only_repeat_buyers_who_spent(self) -> None:
        for x, spend in ((0, 5), (1, 0), (1, -2)):
            with pytest.raises(DataError, match="repeat buyers"):
                SpendGroups(columns(x), columns(spend))

    def test_logarithms_are_made_where_left_out(self) -> None:
        assert SpendGroups(columns(1, 2), columns(1, np.e)).mean_log_spend.tolist() == [0, 1]


class TestTerms:
    def test_of_survivors(self) -> None:
        groups = TermGroups.of_survivors(columns(100, 80, 70))
        assert groups.renewal.tolist() == [1, 2]
        assert groups.ended.tolist() == [20, 10]
        assert groups.survived.tolist() == [0, 70]
        assert groups.customers == 100

    def test_no_contract_ends_before_its_first_renewal(self) -> None:
        with pytest.raises(DataError, match="renewal 1"):
            TermGroups(columns(0), columns(1), columns(0))


@pytest.mark.parametrize("length", [10, 5_000])
def test_distinct_values_of_whole_and_of_other_numbers(length: int) -> None:
    random = np.random.default_rng(0)
    whole = random.integers(0, 700, length).astype(float)
    for values in (whole, whole / 7, whole - 300, whole * 1e6):
        found, place = distinct(values)
        assert np.array_equal(found, np.unique(values))
        assert np.array_equal(found[place], values)
