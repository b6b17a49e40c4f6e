"""What explains a move: shares add up to it, by hand for sums and for ratios."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.engine.metrics.contributions import Amount, contributions, explaining

_SIZES = st.integers(0, 500)
_PARTS = st.dictionaries(st.sampled_from("abcdef"), st.tuples(_SIZES, _SIZES), min_size=1)


def _sums(**values: float) -> dict[str | None, Amount]:
    return {part: Amount(numerator=value) for part, value in values.items()}


def _ratios(**values: tuple[float, float]) -> dict[str | None, Amount]:
    return {part: Amount(numerator=n, denominator=d) for part, (n, d) in values.items()}


class TestSums:
    def test_the_part_that_moved_explains_it(self) -> None:
        found = contributions(_sums(web=100, store=300), _sums(web=20, store=310))
        assert {c.part: c.moved for c in found} == {"web": -80, "store": 10}
        best = explaining(found)
        assert best is not None
        assert (best.part, best.share, best.weight) == ("web", pytest.approx(80 / 70), 0.25)

    def test_where_all_moved_alike_none_explains_it(self) -> None:
        assert explaining(contributions(_sums(web=100, store=300), _sums(web=50, store=150))) is None

    def test_a_new_part_explains_what_it_brought(self) -> None:
        best = explaining(contributions(_sums(web=100), _sums(web=100, fair=40)))
        assert best is not None
        assert (best.part, best.moved, best.weight) == ("fair", 40, 0.0)

    def test_what_did_not_move_has_nothing_to_explain(self) -> None:
        assert contributions(_sums(web=1), _sums(web=1)) == []
        assert contributions({}, {}) == []

    @settings(deadline=None)
    @given(_PARTS, _PARTS)
    def test_shares_add_up_to_the_move(self, one: dict[str, tuple[int, int]], two: dict[str, tuple[int, int]]) -> None:
        before = {p: Amount(numerator=n) for p, (n, _) in one.items()}
        now = {p: Amount(numerator=n) for p, (n, _) in two.items()}
        moved = sum(n for n, _ in two.values()) - sum(n for n, _ in one.values())
        assert sum(c.moved for c in contributions(before, now)) == pytest.approx(moved, abs=1e-9)


class TestRatios:
    def test_a_part_s_own_rate(self) -> None:
        """10 % and 50 % of 100 each, 30 % in all; the second falls to 30 %: 20 in all, by its rate alone."""
        found = contributions(_ratios(a=(10, 100), b=(50, 100)), _ratios(a=(10, 100), b=(30, 100)))
        best = explaining(found)
        assert best is not None
        assert (best.part, best.moved, best.by_rate, best.by_mix) == (
            "b",
            pytest.approx(-0.1),
            pytest.approx(-0.1),
            pytest.approx(0),
        )

    def test_a_part_s_weight(self) -> None:
        """Rates of 10 % and 50 % stay; the weights go from half and half to 3 in 4 and 1 in 4: 30 % to 20 %."""
        found = contributions(_ratios(a=(10, 100), b=(50, 100)), _ratios(a=(30, 300), b=(50, 100)))
        assert all(c.by_rate == pytest.approx(0) for c in found)
        # each weight changed by 1/4; the rates lie at -0.15 and 0.25 from 0.25, the mean of both wholes
        assert {c.part: c.moved for c in found} == {"a": pytest.approx(-0.0375), "b": pytest.approx(-0.0625)}

    @settings(deadline=None)
    @given(_PARTS, _PARTS)
    def test_shares_add_up_to_the_move(self, one: dict[str, tuple[int, int]], two: dict[str, tuple[int, int]]) -> None:
        before = {p: Amount(numerator=min(n, d), denominator=d) for p, (n, d) in one.items()}
        now = {p: Amount(numerator=min(n, d), denominator=d) for p, (n, d) in two.items()}
        sizes = [sum(a.denominator or 0 for a in amounts.values()) for amounts in (before, now)]
        found = contributions(before, now)
        if not all(sizes):
            assert found == []
            return
        wholes = [
            sum(a.numerator for a in amounts.values()) / s for amounts, s in zip((before, now), sizes, strict=True)
        ]
        assert sum(c.moved for c in found) == pytest.approx(wholes[1] - wholes[0], abs=1e-9)
