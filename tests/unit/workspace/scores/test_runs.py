"""A score from its definition to what pages show: run, trend, history, reasons, proof, preview."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.scores.backtests import run_backtest
from rapport.workspace.scores.definitions import create_draft, parsed
from rapport.workspace.scores.explanations import explain, explain_movement, explain_subject
from rapport.workspace.scores.history import fill_in, history_of
from rapport.workspace.scores.models import CurrentScore, ReadinessEvent, ScoreDefinition, ScoreRun, ScoreValue
from rapport.workspace.scores.overview import distribution, overview
from rapport.workspace.scores.previews import effect, sample_preview
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import population_of, run_score

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

DOCUMENT = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: B, from: 20}, {label: C, from: 0}]
outcome: {event: meeting, within_days: 30, repeatable: true}
ready_at: {enter: 60, leave: 50}
groups:
  visits:
    type: engagement
    criteria:
      - {name: visit, points: 10, per: {event: page_view, within_days: 20}}
"""


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


def _contact(name: str, *, visits: list[int], meetings: list[int] | None = None) -> None:
    """A contact with page views and meetings so many days before NOW."""
    long_ago = NOW - timedelta(days=400)
    Contact.objects.create(id=name, first_name=name, created_at=long_ago, recorded_at=long_ago)
    for kind, days in (("page_view", visits), ("meeting", meetings or [])):
        for number, day in enumerate(days):
            at = NOW - timedelta(days=day)
            Interaction.objects.create(
                id=f"{name}-{kind}-{number}",
                contact_id=name,
                type=kind,
                direction="inbound",
                occurred_at=at,
                recorded_at=at,
                created_at=at,
            )


@pytest.fixture
def live() -> ScoreDefinition:
    """Ann visits now, Bob did two weeks ago, Cid never did."""
    _contact("ann", visits=[1, 2, 3, 4, 5, 6])
    _contact("bob", visits=[14, 14, 14])
    _contact("cid", visits=[])
    draft = create_draft(document=DOCUMENT, by="ann")
    return publish(draft, by="ann", reason="first", override="no history yet")


class TestRun:
    def test_keeps_value_band_and_trend_of_everyone(self, live: ScoreDefinition) -> None:
        run = run_score("interest", as_of=NOW)
        told = CurrentScore.objects.order_by("subject_id")
        assert list(told.values_list("subject_id", "value", "band", "trend", "change_7d", "change_30d")) == [
            ("ann", Decimal(60), "A", "rising", Decimal(60), Decimal(60)),
            ("bob", Decimal(30), "B", "steady", Decimal(0), Decimal(30)),
            ("cid", Decimal(0), "C", "steady", Decimal(0), Decimal(0)),
        ]
        assert (run.state, run.scored_count, run.null_count, run.changed_count) == ("done", 3, 0, 3)

    def test_ranks_everyone_in_a_population_that_is_kept(self, live: ScoreDefinition) -> None:
        run = run_score("interest", as_of=NOW)
        ranks = dict(CurrentScore.objects.values_list("subject_id", "percentile"))
        assert ranks == {"ann": pytest.approx(250 / 3), "bob": pytest.approx(50), "cid": pytest.approx(50 / 3)}
        population = population_of(ScoreRun.objects.get(id=run.id))
        assert population is not None
        assert population.percentile(Decimal(30)) == pytest.approx(50)

    def test_of_the_same_instant_again_changes_nothing(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        again = run_score("interest", as_of=NOW)
        assert (again.changed_count, ScoreValue.objects.count()) == (0, 3)

    def test_tells_who_became_ready(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        assert list(ReadinessEvent.objects.values_list("subject_id", "kind", "value")) == [
            ("ann", "entered", Decimal(60))
        ]

    def test_of_a_past_instant_leaves_current_values_alone(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        run_score("interest", as_of=NOW - timedelta(days=3))
        assert CurrentScore.objects.get(subject_id="ann").value == Decimal(60)
        looked_back = ScoreValue.objects.get(subject_id="ann", cause="looked back")
        assert (looked_back.value, looked_back.as_of) == (Decimal(40), NOW - timedelta(days=3))

    def test_knows_nothing_that_happened_later(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW - timedelta(days=10))
        assert CurrentScore.objects.get(subject_id="ann").value == Decimal(0)

    def test_that_fails_is_recorded_and_keeps_the_values_before(
        self, live: ScoreDefinition, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run_score("interest", as_of=NOW)

        def broken(*_args: object, **_kwargs: object) -> None:
            raise RuntimeError("the disk is full")

        monkeypatch.setattr("rapport.workspace.scores.runs.compute", broken)
        with pytest.raises(RuntimeError):
            run_score("interest", as_of=NOW + timedelta(days=1))
        failed = ScoreRun.objects.get(state="failed")
        assert (failed.error, CurrentScore.objects.count()) == ("the disk is full", 3)


class TestReasons:
    def test_add_up_to_the_kept_value(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        explained = explain("interest", ["ann", "bob", "cid"])
        kept = dict(CurrentScore.objects.values_list("subject_id", "value"))
        assert {s: sum((line.points for line in e.lines), Decimal(0)) for s, e in explained.items()} == kept

    def test_of_who_moved_come_with_those_of_a_week_ago(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        now, week_ago = explain_movement("interest", ["ann", "bob"], moved=["ann"])
        assert (now["ann"].value, week_ago["ann"].value) == (Decimal(60), Decimal(0))
        assert set(week_ago) == {"ann"}

    def test_of_one_subject_say_why_there_are_none(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        assert explain_subject([live], "nobody") == {"interest": "It is not in the audience of this score."}


class TestHistory:
    def test_is_filled_in_for_the_weeks_before_the_first_run(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        assert fill_in("interest", weeks=3) > 0
        told = history_of("bob", score="interest", version=1, since=NOW - timedelta(days=60))
        assert [((NOW - point.at).days, point.value) for point in told] == [(21, 0.0), (14, 30.0), (0, 30.0)]

    def test_is_filled_in_once(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        fill_in("interest", weeks=3)
        assert fill_in("interest", weeks=3) == 0


class TestOverview:
    def test_counts_bands_and_movers(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        found = overview(live, now=NOW)
        assert [(band.label, band.count) for band in found.bands] == [("A", 1), ("B", 1), ("C", 1)]
        assert (found.scored_count, found.covered, found.rising_count, found.ready_count) == (3, 1.0, 1, 1)

    def test_is_stale_when_a_night_was_missed(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        assert not overview(live, now=NOW + timedelta(hours=30)).freshness.stale
        assert overview(live, now=NOW + timedelta(hours=40)).freshness.stale

    def test_distribution_has_everyone_once_and_the_top_in_the_last_bin(self, live: ScoreDefinition) -> None:
        _contact("max", visits=[1] * 12)
        run_score("interest", as_of=NOW)
        counts = [b.count for b in distribution(live, count=10)]
        assert counts == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]


class TestProof:
    def test_backtest_is_kept_with_the_version(self) -> None:
        for number in range(20):
            _contact(f"keen{number}", visits=[75, 72], meetings=[60])
            _contact(f"cold{number}", visits=[], meetings=[])
        for number in range(5):
            _contact(f"lucky{number}", visits=[], meetings=[60])
            _contact(f"idle{number}", visits=[75, 72], meetings=[])
        draft = create_draft(document=DOCUMENT, by="ann")
        proved = run_backtest("interest", draft.version, cut_offs=[NOW - timedelta(days=65)], now=NOW)
        assert proved.backtest is not None
        assert proved.backtest["score"]["auc"]["value"] == 0.8  # 20 x 20 pairs, and half of 2 x 20 x 5, of 25 x 25
        assert proved.backtest["conversion"]["rate"] == 0.5
        assert publish(proved, by="ann", reason="it finds them").state == "published"


class TestPreview:
    def test_shows_records_beside_the_live_score(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        rows = sample_preview(DOCUMENT.replace("points: 10", "points: 5"), now=NOW)
        assert [(row.subject.name, row.draft.value, row.change) for row in rows] == [
            ("ann", Decimal(30), Decimal(-30)),
            ("bob", Decimal(15), Decimal(-15)),
            ("cid", Decimal(0), Decimal(0)),
        ]

    def test_effect_counts_who_crosses_a_band(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        found = effect(DOCUMENT.replace("points: 10", "points: 5"), now=NOW)
        assert [(c.label, c.now, c.then) for c in found.crossings] == [("A", 1, 0), ("B", 1, 1), ("C", 1, 2)]
        assert (found.up_count, found.down_count) == (0, 2)
        assert [row.subject.name for row in found.most_moved] == ["ann", "bob"]

    def test_leaves_the_live_score_alone(self, live: ScoreDefinition) -> None:
        run_score("interest", as_of=NOW)
        effect(DOCUMENT.replace("points: 10", "points: 5"), now=NOW)
        assert CurrentScore.objects.get(subject_id="ann").value == Decimal(60)
        assert parsed(live).name == "interest"
