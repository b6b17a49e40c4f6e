"""Cards: few lines, whole points, directions, intervals that say how much is known."""

import json

import numpy as np
import pytest

from rapport.engine.statistics.additive import Features
from rapport.engine.statistics.auc import Cases, auc
from rapport.engine.statistics.card import Card, CardBin, CardFeature, fit_card
from rapport.engine.statistics.card.segmentation import segments
from unit.engine.statistics.additive.companies import company


class TestSegments:
    def test_three_plateaus_are_found(self) -> None:
        heights = np.array([0.0, 0.1, 0.0, 2.0, 2.1, 5.0, 5.1])
        even = np.full(7, 100.0)
        assert segments(heights, even, most=5, least=even, fewest=1) == [0, 3, 5]
        assert segments(heights, even, most=2, least=even, fewest=1) == [0, 5]

    def test_differences_that_may_be_chance_are_not_shown(self) -> None:
        heights = np.array([0.0, 0.1, 0.2, 0.1])
        assert segments(heights, np.full(4, 10.0), most=4, least=np.full(4, 10.0), fewest=1) == [0]

    def test_every_segment_has_rows_enough(self) -> None:
        heights = np.array([9.0, 0.0, 0.0, 0.0])
        rows = np.array([3.0, 40.0, 40.0, 40.0])
        assert segments(heights, np.full(4, 100.0), most=3, least=rows, fewest=20) in ([0], [0, 2])


class TestACard:
    def test_has_at_most_so_many_features_lines_and_points(self) -> None:
        features, events = company()
        card = fit_card(features, events, size=2, bins=3, total=20)
        assert len(card.features) == 2
        assert all(len(f.bins) <= 3 for f in card.features)
        points = card.points(features)
        assert points.min() >= 0
        assert points.max() <= 20
        assert all(min(b.points for b in f.bins) == 0 for f in card.features)

    def test_ranks_as_well_as_what_made_the_data(self) -> None:
        features, events = company(6000)
        fresh, later = company(6000, seed=9)
        card = fit_card(features, events)
        told = auc([Cases(scores=card.log_odds(fresh), events=later, clusters=np.arange(6000))]).value
        assert told == pytest.approx(0.755, abs=0.02)
        assert {f.name for f in card.features} == {"visits", "plan"}

    def test_says_probabilities_too(self) -> None:
        features, events = company(6000)
        odds = fit_card(features, events).log_odds(features)
        assert (1 / (1 + np.exp(-odds))).mean() == pytest.approx(events.mean(), abs=0.005)

    def test_counts_support_and_widens_intervals_where_there_is_little(self) -> None:
        features, events = company(6000)
        few = np.arange(500)
        wide, narrow = (fit_card(f, e) for f, e in ((features.take(few), events[few]), (features, events)))
        assert all(sum(b.n for b in f.bins) <= 6000 for f in narrow.features)
        reach = [np.mean([b.high - b.low for f in c.features for b in f.bins if b.points]) for c in (wide, narrow)]
        assert reach[0] > 1.5 * reach[1]

    def test_keeps_a_declared_direction(self) -> None:
        rng = np.random.default_rng(2)
        a = rng.integers(0, 12, 3000).astype(float)
        b = a + rng.integers(0, 2, 3000)  # nearly the same: a free fit gives one of them the wrong sign
        events = rng.random(3000) < 1 / (1 + np.exp(2 - 0.3 * a))
        card = fit_card(Features.of({"a": a, "b": b}), events, monotone={"a": 1, "b": 1})
        for feature in card.features:
            known = [one.points for one in feature.bins if not one.unknown]
            assert known == sorted(known)

    def test_has_no_lines_where_nothing_can_be_told(self) -> None:
        rng = np.random.default_rng(0)
        features = Features.of({f"x{i}": rng.normal(size=300) for i in range(5)})
        for events in (rng.random(300) < 0.3, np.zeros(300, dtype=bool)):
            card = fit_card(features, events)
            assert sum(f.most for f in card.features) == 0 or len(card.features) <= 1
            assert np.isfinite(card.log_odds(features)).all()

    def test_gives_unknown_a_line_where_enough_are(self) -> None:
        features, events = company()
        visits = next(f for f in fit_card(features, events).features if f.name == "visits")
        unknown = [one for one in visits.bins if one.unknown]
        assert len(unknown) == 1
        assert unknown[0].n == int(np.isnan(features["visits"].values).sum())  # type: ignore[union-attr]

    def test_comes_back_from_json(self) -> None:
        features, events = company(1000)
        card = fit_card(features, events)
        assert Card.from_dict(json.loads(json.dumps(card.to_dict()))) == card

    def test_is_the_same_each_time(self) -> None:
        features, events = company(1000)
        assert fit_card(features, events) == fit_card(features, events)


def test_a_line_is_told_in_words() -> None:
    figures = {"points": 3, "low": 1.0, "high": 5.0, "n": 10, "events": 4}
    lines = [
        CardBin(above=None, up_to=3.0, **figures),  # type: ignore[arg-type]
        CardBin(above=3.0, up_to=10.5, **figures),  # type: ignore[arg-type]
        CardBin(above=10.5, up_to=None, **figures),  # type: ignore[arg-type]
        CardBin(unknown=True, **figures),  # type: ignore[arg-type]
    ]
    told = ["at most 3", "above 3 to 10.5", "above 10.5", "unknown"]
    assert [one.label for one in CardFeature(name="visits", numeric=True, bins=tuple(lines)).bins] == told
    assert CardBin(categories=("a", "b"), other=True, **figures).label == "a, b, other"  # type: ignore[arg-type]
