"""What features are made of, and back."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from rapport.engine.errors import DataError
from rapport.engine.statistics.additive import Categories, Features, Numbers


class TestFeatures:
    def test_null_nan_and_infinity_are_unknown_numbers(self) -> None:
        features = Features.of({"age": np.array([1.0, np.nan, np.inf])})
        assert np.isnan(features["age"].values).tolist() == [False, True, True]  # type: ignore[union-attr]

    def test_texts_and_booleans_are_categories_in_the_order_of_the_alphabet(self) -> None:
        features = Features.of({"plan": ["pro", None, "free"], "vip": [True, False, None]})
        plan, vip = features["plan"], features["vip"]
        assert isinstance(plan, Categories)
        assert isinstance(vip, Categories)
        assert plan.levels == ("free", "pro")
        assert plan.codes.tolist() == [1, -1, 0]
        assert vip.levels == ("false", "true")
        assert vip.codes.tolist() == [1, 0, -1]

    def test_instants_and_dates_are_days_since_1970(self) -> None:
        rows = pa.table(
            {
                "seen": pa.array([datetime(1970, 1, 2, 12, tzinfo=UTC), None]),
                "born": pa.array([date(1970, 1, 11), None]),
            }
        )
        features = Features.from_arrow(rows)
        assert features["seen"].values[0] == 1.5
        assert np.isnan(features["seen"].values[1])
        assert features["born"].values[0] == 10.0  # type: ignore[union-attr]

    def test_decimals_are_numbers_and_names_choose_columns_in_order(self) -> None:
        rows = pa.table({"a": [1], "b": [Decimal("2.5")], "c": ["x"]})
        features = Features.from_arrow(rows, ["c", "b"])
        assert features.names == ("c", "b")
        assert isinstance(features["b"], Numbers)

    def test_arrow_and_back_is_the_same(self) -> None:
        rows = pa.table({"n": pa.array([1.5, None]), "t": pa.array(["x", None])})
        assert Features.from_arrow(rows).to_arrow().to_pydict() == rows.to_pydict()

    def test_columns_of_different_lengths_are_refused(self) -> None:
        with pytest.raises(DataError, match="differ in length"):
            Features.of({"a": [1.0], "b": [1.0, 2.0]})
