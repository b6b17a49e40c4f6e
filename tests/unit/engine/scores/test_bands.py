"""Bands: lower bounds, inclusive."""

from __future__ import annotations

from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from rapport.engine.runner import Runner
from rapport.engine.scores.bands import band_label, band_of, points
from rapport.engine.scores.definition_base import Band

BANDS = (Band(label="A", **{"from": Decimal("60.5")}), Band(label="B", **{"from": 20}), Band(label="C", **{"from": 5}))
CASES = [
    (60_500_000, "A"),
    (60_499_999, "B"),
    (20_000_000, "B"),
    (19_999_999, "C"),
    (4_000_000, "C"),
    (-1, "C"),
    (None, None),
]


@pytest.mark.parametrize(("micro", "label"), CASES)
def test_a_bound_belongs_to_its_band_and_what_lies_below_all_to_the_lowest(
    micro: int | None, label: str | None
) -> None:
    assert band_of(micro, BANDS) == label


def test_columns_and_numbers_get_the_same_labels(runner: Runner) -> None:
    rows = ibis.memtable(pa.table({"m": pa.array([m for m, _ in CASES], pa.int64())}))
    found = runner.to_arrow(rows.select("m", label=band_label(rows.m, BANDS))).to_pylist()
    assert {row["m"]: row["label"] for row in found} == dict(CASES)


def test_without_bands_there_is_no_label() -> None:
    assert band_of(5, ()) is None


def test_micro_points_become_decimals_exactly(runner: Runner) -> None:
    given = [0, 1, -1, 999_999_999_999, 1_000_000_000_000, -123_456_789_012_345_678]
    rows = ibis.memtable(pa.table({"m": pa.array(given, pa.int64())}))
    found = runner.to_arrow(rows.select("m", p=points(rows.m))).to_pylist()
    assert {row["m"]: row["p"] for row in found} == {m: Decimal(m).scaleb(-6) for m in given}
