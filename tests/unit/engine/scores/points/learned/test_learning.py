"""A learned card is a draft that a person could have written, and gives the card's points."""

from collections.abc import Iterator

import numpy as np
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.errors import DataError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.definition_writing import definition_yaml
from rapport.engine.scores.features.frame import Layout, feature_frame
from rapport.engine.scores.features.terms import Feature, Nature
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.learned.card_definition import card_definition
from rapport.engine.scores.points.learned.learning import LearnedPoints, learned_points
from rapport.engine.scores.points.learned.terms import criteria_of, expressible
from rapport.engine.statistics.card import Card, CardBin, CardFeature
from unit.engine.scores.points.learned.shop import NOW, definition, shop


@pytest.fixture(scope="module")
def runner_of_module() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


@pytest.fixture(scope="module")
def learned(runner_of_module: DuckdbRunner) -> LearnedPoints:
    view = as_known(shop(runner_of_module), NOW)
    return learned_points(definition(), view, runner=runner_of_module)


class TestLearnedPoints:
    def test_find_what_the_deals_come_of(self, learned: LearnedPoints) -> None:
        names = [line.name for line in learned.card.features]
        assert "contact.title" in names
        assert any("page_view" in name for name in names)
        assert learned.definition.outcome == definition().outcome
        assert learned.definition.range.max == 100

    def test_give_the_points_of_the_card(self, learned: LearnedPoints, runner_of_module: DuckdbRunner) -> None:
        view = as_known(shop(runner_of_module), NOW)
        features = tuple(Feature(name=f.name, nature=_nature(f)) for f in learned.card.features)
        layout = Layout.of(features, "contact")
        frame = runner_of_module.to_arrow(
            feature_frame(view, "contact", layout, time_zone="UTC", runner=runner_of_module)
        )
        by_card = dict(
            zip(frame["subject_id"].to_pylist(), learned.card.points(layout.read(frame)).tolist(), strict=True)
        )
        rows = runner_of_module.to_arrow(Points(learned.definition, view, runner_of_module).scores()).to_pylist()
        by_definition = {row["subject_id"]: int(row["value"]) for row in rows}
        assert by_definition == by_card
        assert len(set(by_card.values())) > 5

    def test_read_back_from_their_text(self, learned: LearnedPoints) -> None:
        assert parse_definition(definition_yaml(learned.definition)) == learned.definition

    def test_say_why_features_are_left_out(self, learned: LearnedPoints) -> None:
        assert learned.left_out["deals.won.amount_ever"] == "no criterion can say it"
        assert "contact.email" in learned.left_out


def _nature(line: CardFeature) -> Nature:
    return Nature.NUMBER if line.numeric else Nature.CATEGORY


def line(name: str, *bins: CardBin, numeric: bool = True) -> CardFeature:
    return CardFeature(name=name, numeric=numeric, bins=bins)


def one(points: int, **place: object) -> CardBin:
    return CardBin(points=points, low=0.0, high=0.0, n=50, events=5, **place)  # type: ignore[arg-type]


def number(name: str) -> Feature:
    return Feature(name=name, nature=Nature.NUMBER)


class TestCriteria:
    def test_ranges_of_a_number_touch_and_do_not_overlap(self) -> None:
        drawn = line(
            "account.employees",
            one(0, up_to=10.0),
            one(4, above=10.0, up_to=49.5),
            one(9, above=49.5),
            one(2, unknown=True),
        )
        written = criteria_of(drawn, number("account.employees"), subject="contact")
        field = {"field": "account.employees"}
        assert [c["when"] for c in written] == [
            {"all": [{**field, "above": 10}, {**field, "at_most": 49.5}]},
            {**field, "above": 49.5},
            {**field, "present": False},
        ]
        assert [int(c["points"]) for c in written] == [4, 9, 2]

    def test_instants_are_told_by_their_age(self) -> None:
        drawn = line("contact.created_at", one(8, up_to=30.0), one(3, above=30.0, up_to=90.0), one(0, above=90.0))
        written = criteria_of(drawn, number("contact.created_at"), subject="contact")
        field = {"field": "contact.created_at"}
        assert [c["when"] for c in written] == [
            {"not": {**field, "older_than_days": 31}},
            {"all": [{**field, "older_than_days": 31}, {"not": {**field, "older_than_days": 91}}]},
        ]

    def test_categories_are_a_map_with_what_others_get(self) -> None:
        drawn = line(
            "contact.seniority",
            one(0, categories=("staff",)),
            one(3, categories=("manager",), other=True),
            one(9, categories=("director", "vp")),
            numeric=False,
        )
        feature = Feature(name="contact.seniority", nature=Nature.CATEGORY)
        (written,) = criteria_of(drawn, feature, subject="contact")
        assert written["points"] == {
            "value": "contact.seniority",
            "map": {"staff": 0, "director": 9, "vp": 9},
            "otherwise": 3,
        }

    def test_counts_are_ranges_of_whole_numbers(self) -> None:
        drawn = line(
            "events.page_view[/pricing].30d", one(0, up_to=0.0), one(5, above=0.0, up_to=2.0), one(11, above=2.0)
        )
        (written,) = criteria_of(drawn, number(drawn.name), subject="contact")
        assert written["points"] == {
            "count": {"event": "page_view", "where": {"field": "url_path", "is": "/pricing"}, "within_days": 30},
            "ranges": [[1, 2, 5], [3, None, 11]],
        }

    def test_days_since_the_last_are_shares_that_add_up(self) -> None:
        drawn = line(
            "orders.placed.days",
            one(10, up_to=7.0),
            one(4, above=7.0, up_to=90.0),
            one(0, above=90.0),
            one(1, unknown=True),
        )
        written = [c["points"] for c in criteria_of(drawn, number(drawn.name), subject="contact")]
        assert written == [
            {"count": {"event": "order_placed", "within_days": 8}, "ranges": [[1, None, 6]]},
            {"count": {"event": "order_placed", "within_days": 91}, "ranges": [[1, None, 4]]},
            {"count": {"event": "order_placed"}, "ranges": [[0, 0, 1]]},
        ]

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("contact.title", True),
            ("events.=inbound.30d", True),
            ("events.=outbound.30d", False),
            ("orders.placed.amount_365d", False),
            ("account.deals.won.ever", False),
            ("changes.stage.ever", False),
            ("events.note[x].ever", False),
        ],
    )
    def test_know_what_they_can_say(self, name: str, told: bool) -> None:
        assert expressible(number(name), subject="contact") is told

    def test_a_card_without_lines_makes_no_definition(self) -> None:
        empty = Card(features=(), total=100, intercept=-1.0, unit=0.1, n=40, event_count=2)
        with pytest.raises(DataError, match="Nothing could be told from chance"):
            card_definition(empty, [], like=definition())

    def test_each_criterion_has_its_own_name(self) -> None:
        features = [number(f"events.page_view[/{'x' * 200}{n}].30d") for n in range(2)]
        drawn = tuple(line(f.name, one(0, up_to=0.0), one(5, above=0.0)) for f in features)
        card = Card(features=drawn, total=100, intercept=0.0, unit=0.1, n=40, event_count=20)
        made = card_definition(card, features, like=definition(), cuts={"A": 8, "B": 0})
        names = [criterion.name for _, criterion in made.criteria]
        assert len(set(names)) == 2
        assert max(len(name) for name in names) <= 120
        assert [band.label for band in made.bands] == ["A", "B"]
        assert np.isfinite(float(made.range.span))
