"""Population runs: ranks, cut points, and that they survive being stored."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_rows import at
from rapport.engine.errors import EngineCannot, InternalError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.population import (
    CutPoints,
    FittedModel,
    PopulationRun,
    counted_cut_points,
    population_run,
    quantiles,
    whole_numbers,
    with_percentile,
)

AS_OF = at(2024, 1, 1)
QUINTILES = ((1, 5), (2, 5), (3, 5), (4, 5))


def table(runner: DuckdbRunner, values: list[str | None]):  # type: ignore[no-untyped-def]
    decimals = [None if v is None else Decimal(v) for v in values]
    rows = pa.table(
        {"subject_id": [f"s{i}" for i in range(len(values))], "value": pa.array(decimals, pa.decimal128(18, 6))}
    )
    return runner.from_arrow(rows)


def run(runner: DuckdbRunner, values: list[str | None], score: str = "x v1", **more: object) -> PopulationRun:
    return population_run(table(runner, values), score=score, as_of=AS_OF, runner=runner, **more)  # type: ignore[arg-type]


def percentiles(runner: DuckdbRunner, values: list[str | None], against: PopulationRun | None) -> list[float | None]:
    ranked = runner.to_arrow(with_percentile(table(runner, values), run=against, runner=runner).order_by("subject_id"))
    return ranked["percentile"].to_pylist()


class TestPercentile:
    def test_counts_those_below_and_half_of_the_equal_ones(self, runner: DuckdbRunner) -> None:
        # 10, 20, 20, 40: 100 x 0.5/4, 100 x (1 + 1)/4, 100 x 3.5/4
        assert percentiles(runner, ["10", "20", None, "20", "40"], None) == [12.5, 50, None, 50, 87.5]

    def test_a_later_subject_is_placed_among_the_members(self, runner: DuckdbRunner) -> None:
        stored = run(runner, ["10", "20", "20", "40"])
        assert percentiles(runner, ["5", "20", "20.000001", "99", None], stored) == [0, 50, 75, 100, None]
        assert [stored.percentile(Decimal(v)) for v in ("5", "20", "20.000001", "99")] == [0, 50, 75, 100]

    def test_is_null_against_a_run_of_nobody(self, runner: DuckdbRunner) -> None:
        nobody = run(runner, [None, None])
        assert percentiles(runner, ["5"], nobody) == [None]
        assert nobody.percentile(Decimal(5)) is None

    def test_negative_values_rank_as_numbers_do(self, runner: DuckdbRunner) -> None:
        assert percentiles(runner, ["-10", "-2", "0", "3"], None) == [12.5, 37.5, 62.5, 87.5]

    @given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.lists(st.integers(-60, 60), max_size=10))
    def test_is_the_definition_on_any_values(self, members: list[int], later: list[int]) -> None:
        values, counts = np.unique(np.array(members, dtype=np.int64), return_counts=True)
        stored = PopulationRun(as_of=AS_OF, run_id="r", values=values, counts=counts.astype(np.int64))
        for value in (*members, *later):
            below = sum(m < value for m in members)
            equal = sum(m == value for m in members)
            expected = 100 * (below + equal / 2) / len(members)
            assert stored.percentile(Decimal(value).scaleb(-6)) == pytest.approx(expected, abs=1e-12)


class TestRun:
    def test_is_the_same_whatever_the_order_of_the_subjects(self, runner: DuckdbRunner) -> None:
        one, other = run(runner, ["10", "20", "20", "40"]), run(runner, ["20", "40", "10", None, "20"])
        assert (one.run_id, one.to_json()) == (other.run_id, other.to_json())

    def test_another_score_has_another_run(self, runner: DuckdbRunner) -> None:
        assert run(runner, ["10"], score="x v1").run_id != run(runner, ["10"], score="x v2").run_id

    def test_comes_back_from_storage_as_it_was(self, runner: DuckdbRunner) -> None:
        cuts = {
            "recency": CutPoints(points=(Decimal(3), Decimal(10)), counts=(4, 0, 2)),
            "monetary": CutPoints(points=(), counts=(6,)),
        }
        model = FittedModel(fitted_at=AS_OF, checked_at=at(2024, 1, 8), text='{"r": 0.25}')
        part = run(runner, ["1", "2"], score="part v1", model=model)
        stored = run(runner, ["10", "20.5", "20.5", None], cut_points=cuts, model=model, parts={"part": part})
        back = PopulationRun.from_json(stored.to_json())
        assert (back.run_id, back.as_of, back.to_json()) == (stored.run_id, AS_OF, stored.to_json())
        assert back.cut_points == cuts
        assert back.population == 3
        assert back.model == model
        assert back.parts["part"].percentile(Decimal(1)) == 25

    def test_needs_an_instant_with_a_zone(self, runner: DuckdbRunner) -> None:
        with pytest.raises(InternalError, match="time zone"):
            population_run(table(runner, ["1"]), score="x", as_of=AS_OF.replace(tzinfo=None), runner=runner)


def cut(values: np.ndarray, *, shares: tuple[tuple[int, int], ...], scale: int = 0) -> CutPoints:
    return counted_cut_points(values, quantiles(values, shares=shares, scale=scale), scale=scale)


class TestCutPoints:
    def test_are_values_at_the_rank_rounded_up(self) -> None:
        # 7 values: ranks ceil(1.4) = 2, ceil(2.8) = 3, ceil(4.2) = 5, ceil(5.6) = 6
        cuts = cut(np.array([70, 10, 30, 20, 60, 50, 40]), shares=QUINTILES)
        assert cuts.points == (20, 30, 50, 60)
        assert cuts.counts == (2, 1, 2, 1, 1)

    def test_exact_fifths_are_not_rounded_past(self) -> None:
        # n x 0.6 is 9.000000000000002 in floats; the rank is 9
        assert cut(np.arange(1, 16), shares=QUINTILES).points == (3, 6, 9, 12)

    def test_equal_values_fall_into_one_class(self) -> None:
        cuts = cut(np.array([1] * 8 + [2, 3]), shares=QUINTILES)
        assert cuts.points == (1, 1, 1, 1)
        assert cuts.counts == (8, 0, 0, 0, 2)
        assert [cuts.class_of(v) for v in (1, 2)] == [0, 4]

    def test_amounts_keep_their_places(self) -> None:
        cuts = cut(np.array([10_000, 12_345, 1]), shares=((1, 3), (2, 3)), scale=4)
        assert cuts.points == (Decimal("0.0001"), Decimal(1))
        assert cuts.counts == (1, 1, 1)

    def test_nobody_has_none(self) -> None:
        assert cut(np.array([], dtype=np.int64), shares=QUINTILES) == CutPoints(points=(), counts=(0,))

    def test_decimals_are_read_without_their_point(self) -> None:
        amounts = pa.array(
            [Decimal("-1.5"), None, Decimal("0.0001"), Decimal("99999999999999.9999")], pa.decimal128(38, 4)
        )
        sliced = pa.chunked_array([amounts.slice(1), amounts.slice(0, 1)])
        assert whole_numbers(sliced).tolist() == [1, 999_999_999_999_999_999, -15_000]

    def test_a_decimal_too_long_to_rank_is_refused(self) -> None:
        with pytest.raises(EngineCannot, match="digits"):
            whole_numbers(pa.chunked_array([pa.array([Decimal(10) ** 20], pa.decimal128(38, 4))]))
