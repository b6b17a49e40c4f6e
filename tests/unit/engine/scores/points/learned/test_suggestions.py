"""What the past says of a definition's points, and the draft that accepts some of it."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.learned.criteria import CriteriaCases, criteria_cases, items_of
from rapport.engine.scores.points.learned.learning import conversion_like, past_cut_offs
from rapport.engine.scores.points.learned.suggestions import accept, draft, effect_of_some, suggest_from
from rapport.engine.scores.points.learned.totals import values
from rapport.engine.scores.points.spec import PointsDefinition, ValuePoints
from unit.engine.scores.points.learned.shop import NOW, definition, shop


@pytest.fixture(scope="module")
def cases() -> CriteriaCases:
    with DuckdbRunner(threads=2) as runner:
        return criteria_cases(definition(), as_known(shop(runner), NOW), runner=runner)


def few(cases: CriteriaCases, rows: int) -> CriteriaCases:
    return cases.take(np.arange(0, len(cases.events), len(cases.events) // rows)[:rows])


class TestCases:
    def test_tell_each_number_of_a_definition(self) -> None:
        told = [(item.criterion, item.label, int(item.points)) for item in items_of(definition())]
        assert told == [
            ("title", "Director", 5),
            ("title", "Intern", 5),
            ("title", "other values", 0),
            ("pricing", "", 5),
            ("news", "1 to 2 times", 10),
            ("news", "3 or more times", 30),
            ("webinar", "", 20),
        ]

    def test_come_to_the_values_that_a_run_gives(self) -> None:
        with DuckdbRunner(threads=2) as runner:
            view = as_known(shop(runner, contacts=60), NOW)
            cases = criteria_cases(definition(), view, runner=runner)
            newest = cases.take(cases.period == cases.period.max())
            cut_offs = past_cut_offs(conversion_like(definition()), view, runner=runner)
            then = as_known(view.snapshot, cut_offs[-1])
            rows = runner.to_arrow(Points(definition(), then, runner).scores()).to_pylist()
            by_id = {row["subject_id"]: row["value"] for row in rows}
        points = [float(item.points) for item in newest.items]
        told = dict(zip(newest.subject_ids.tolist(), values(newest, points).tolist(), strict=True))
        assert told == pytest.approx({key: float(by_id[key]) for key in told}, abs=1e-5)
        assert len(told) > 20


class TestSuggestions:
    def test_find_what_the_deals_come_of(self, cases: CriteriaCases) -> None:
        found = {(one.criterion, one.label): one for one in suggest_from(cases).suggestions}
        assert found["pricing", ""].suggested > 5
        assert found["news", "3 or more times"].suggested < 12
        assert found["news", "3 or more times"].sure
        assert found["title", "Director"].suggested > found["title", "Intern"].suggested + 8
        assert found["webinar", ""].suggested < 10

    def test_show_interval_and_support(self, cases: CriteriaCases) -> None:
        for one in suggest_from(cases).suggestions:
            assert one.low <= one.suggested <= one.high
            assert 0 < one.events < one.n
        pricing = next(one for one in suggest_from(cases).suggestions if one.criterion == "pricing")
        assert pricing.n == int((cases.amounts[:, 3] > 0).sum())
        assert pricing.sentence.startswith(f"pricing: {pricing.suggested} (")

    def test_tell_what_accepting_would_change_on_later_cases(self, cases: CriteriaCases) -> None:
        found = suggest_from(cases)
        assert found.forward
        assert found.present.change.value == 0
        assert found.accepted.auc.value is not None
        assert found.present.auc.value is not None
        assert found.accepted.auc.value > found.present.auc.value + 0.1
        assert found.accepted.change.low is not None
        assert found.accepted.change.low > 0
        assert found.accepted.lift is not None
        assert found.present.lift is not None
        assert found.accepted.lift > found.present.lift
        pricing = [one for one in found.suggestions if one.criterion == "pricing"]
        assert effect_of_some(cases, pricing) == pricing[0].alone

    def test_keep_to_the_present_points_where_little_is_known(self, cases: CriteriaCases) -> None:
        little = suggest_from(few(cases, 60))
        much = {(one.criterion, one.part): one for one in suggest_from(cases).suggestions}
        for one in little.suggestions:
            other = much.get((one.criterion, one.part))
            assert other is None or one.high - one.low > other.high - other.low
        assert ("webinar", "") in little.untold
        assert little.untold["webinar", ""].startswith("applies to ")

    def test_are_the_same_each_time(self, cases: CriteriaCases) -> None:
        assert suggest_from(cases) == suggest_from(cases)

    def test_suggest_nothing_where_nobody_had_the_outcome(self, cases: CriteriaCases) -> None:
        nobody = replace(cases, events=np.zeros(len(cases.events), dtype=bool))
        found = suggest_from(nobody)
        assert found.suggestions == ()
        assert found.present.auc.value is None

    def test_need_a_window_that_is_over(self) -> None:
        with DuckdbRunner(threads=2) as runner:
            young = as_known(shop(runner, contacts=30), NOW.replace(year=2024))
            with pytest.raises(DataError, match="no past window of 60 days"):
                criteria_cases(definition(), young, runner=runner)


class TestAccepting:
    def test_all_changes_just_the_numbers(self, cases: CriteriaCases) -> None:
        found = suggest_from(cases).suggestions
        changed = accept(definition(), found)
        told = {(i.criterion, i.part): i.points for i in items_of(changed)}
        assert all(told[one.criterion, one.part] == one.suggested for one in found)
        assert changed.outcome == definition().outcome
        assert [c.per for _, c in changed.criteria] == [c.per for _, c in definition().criteria]

    def test_some_leaves_the_others_as_they_are(self, cases: CriteriaCases) -> None:
        director = [one for one in suggest_from(cases).suggestions if one.label == "Director"]
        (_, title), *others = accept(definition(), director).criteria
        assert isinstance(title.points, ValuePoints)
        assert title.points.map == {"Director": director[0].suggested, "Intern": Decimal(5)}
        assert others == list(definition().criteria)[1:]

    def test_none_is_the_definition_itself(self) -> None:
        assert accept(definition(), []) == definition()

    def test_a_draft_reads_back(self, cases: CriteriaCases) -> None:
        found = suggest_from(cases).suggestions
        assert parse_definition(draft(definition(), found)) == accept(definition(), found)

    def test_refuses_a_criterion_that_is_gone(self, cases: CriteriaCases) -> None:
        found = suggest_from(cases).suggestions
        said = definition().model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
        del said["groups"]["who"]
        shorter = PointsDefinition.model_validate({**said, "range": [0, 100]})
        with pytest.raises(DefinitionError, match="no such points"):
            accept(shorter, found)
