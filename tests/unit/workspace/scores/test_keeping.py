"""What a run leaves behind: the newest value, the history, readiness."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from rapport.workspace.scores.keeping import Kept, Readiness, keep
from rapport.workspace.scores.models import CurrentScore, ReadinessEvent, ScoreRun, ScoreValue
from rapport.workspace.scores.scored import Scored

pytestmark = pytest.mark.django_db
READINESS = Readiness(enter=Decimal(80), leave=Decimal(70))

NOW = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def _row(subject_id: str, value: str | None, **other: object) -> Scored:
    return Scored(subject_id=subject_id, value=None if value is None else Decimal(value), **other)  # type: ignore[arg-type]


def _keep(rows: list[Scored], *, version: int = 1, day: int = 0, readiness: Readiness | None = READINESS) -> Kept:
    at = NOW + timedelta(days=day)
    run = ScoreRun.objects.create(score="lead_readiness", version=version, as_of=at)
    return keep(run, rows, subject="contact", readiness=readiness, computed_at=at)


class TestCurrentScores:
    def test_one_row_per_subject_with_its_newest_value(self) -> None:
        _keep([_row("ann", "10"), _row("bob", "20")])
        _keep([_row("ann", "12.5"), _row("bob", "20")], day=1)
        assert dict(CurrentScore.objects.values_list("subject_id", "value")) == {
            "ann": Decimal("12.5"),
            "bob": Decimal(20),
        }

    def test_counts_values_nulls_and_changes(self) -> None:
        first = _keep([_row("ann", "10"), _row("bob", None, reason_null="no purchase")])
        second = _keep([_row("ann", "11"), _row("bob", None, reason_null="no purchase")], day=1)
        assert first == Kept(scored_count=1, null_count=1, changed_count=2)
        assert second == Kept(scored_count=1, null_count=1, changed_count=1)

    def test_an_unchanged_row_is_not_written_again(self) -> None:
        _keep([_row("ann", "10")])
        _keep([_row("ann", "10")], day=1)
        assert CurrentScore.objects.get().as_of == NOW

    def test_a_subject_that_is_scored_no_more_goes(self) -> None:
        _keep([_row("ann", "10"), _row("bob", "20")])
        _keep([_row("bob", "20")], day=1)
        assert list(CurrentScore.objects.values_list("subject_id", flat=True)) == ["bob"]

    def test_other_scores_are_left_alone(self) -> None:
        _keep([_row("ann", "10")])
        run = ScoreRun.objects.create(score="rfm", version=1, as_of=NOW)
        keep(run, [], subject="contact", readiness=None, computed_at=NOW)
        assert CurrentScore.objects.get().score == "lead_readiness"

    def test_more_rows_than_one_transaction_takes(self) -> None:
        kept = _keep([_row(f"c{i:05}", "1") for i in range(2_345)])
        assert (kept.changed_count, CurrentScore.objects.count(), ScoreValue.objects.count()) == (2_345, 2_345, 2_345)


class TestHistory:
    def test_has_the_first_value_and_every_change_with_its_cause(self) -> None:
        for day, value in enumerate(["10", "10", "15"]):
            _keep([_row("ann", value)], day=day)
        _keep([_row("ann", "15")], version=2, day=3)
        told = ScoreValue.objects.order_by("as_of").values_list("version", "value", "cause")
        assert list(told) == [(1, Decimal(10), "first"), (1, Decimal(15), "run"), (2, Decimal(15), "new version")]

    def test_leaves_out_changes_of_rank_and_trend_alone(self) -> None:
        _keep([_row("ann", "10", percentile=50.0)])
        _keep([_row("ann", "10", percentile=60.0, trend="steady")], day=1)
        assert ScoreValue.objects.count() == 1
        assert CurrentScore.objects.get().percentile == 60.0

    def test_keeps_why_there_is_no_value(self) -> None:
        _keep([_row("ann", None, reason_null="no purchase")])
        assert ScoreValue.objects.get().reason_null == "no purchase"

    def test_waits_for_its_publisher(self) -> None:
        _keep([_row("ann", "10")])
        assert ScoreValue.objects.get().batch is None


class TestReadiness:
    @pytest.fixture
    def week(self) -> Callable[[list[str | None]], list[tuple[str, int]]]:
        """Run a subject through one value a day; gives (event, day)."""

        def through(values: list[str | None]) -> list[tuple[str, int]]:
            for day, value in enumerate(values):
                _keep([_row("ann", value)], day=day)
            events = ReadinessEvent.objects.order_by("occurred_at").values_list("kind", "occurred_at")
            return [(kind, (at - NOW).days) for kind, at in events]

        return through

    def test_enters_at_the_upper_bound(self, week: Callable[[list[str | None]], list[tuple[str, int]]]) -> None:
        assert week(["79.999999", "80"]) == [("entered", 1)]

    def test_stays_ready_between_the_bounds(self, week: Callable[[list[str | None]], list[tuple[str, int]]]) -> None:
        assert week(["80", "75", "70"]) == [("entered", 0)]

    def test_leaves_below_the_lower_bound_and_can_come_back(
        self, week: Callable[[list[str | None]], list[tuple[str, int]]]
    ) -> None:
        assert week(["85", "69.999999", "75", "80"]) == [("entered", 0), ("left", 1), ("entered", 3)]

    def test_leaves_where_the_value_is_lost(self, week: Callable[[list[str | None]], list[tuple[str, int]]]) -> None:
        assert week(["85", None]) == [("entered", 0), ("left", 1)]

    def test_since_when_is_kept_with_the_current_score(
        self, week: Callable[[list[str | None]], list[tuple[str, int]]]
    ) -> None:
        week(["80", "90", "85"])
        assert CurrentScore.objects.get().ready_since == NOW

    def test_is_not_kept_without_bounds(self) -> None:
        _keep([_row("ann", "100")], readiness=None)
        assert ReadinessEvent.objects.count() == 0
