"""What salespeople say of scores: hotter, colder, accepted, rejected, and why. It changes no score by itself."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.engine.errors import DefinitionError
from rapport.engine.evaluation.feedback import VERDICTS, Agreement, Feedback, agreement, agreements, newest
from rapport.workspace.scores.explanations import explain
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreFeedback, ScoreValue

_EXPLAINED = 200  # subjects whose criteria are looked at, the newest words first
_AT_ONCE = 500
LONGEST_REASON = 2000


@dataclass(frozen=True, kw_only=True)
class FeedbackReport:
    """Where people agree with a score: over all, by the band it gave when they said so. rows: the newest words."""

    all: Agreement
    by_band: Sequence[Agreement]
    rows: Sequence[ScoreFeedback]


def give(
    version: ScoreDefinition, subject_id: str, *, verdict: str, by: str, at: datetime, reason: str = ""
) -> ScoreFeedback:
    """Keep a salesperson's word on the score of a subject. Raises: DefinitionError for a verdict that is none."""
    if verdict not in VERDICTS:
        raise DefinitionError("That is no feedback.", where="verdict", received=verdict, allowed=VERDICTS)
    return ScoreFeedback.objects.create(
        source="record_page",
        score=version.name,
        version=version.version,
        subject_id=subject_id,
        verdict=verdict,
        reason=reason.strip()[:LONGEST_REASON] or None,
        given_at=at,
        recorded_at=at,
        created_at=at,
        by=by,
    )


def last_word(name: str, subject_id: str, *, by: str) -> ScoreFeedback | None:
    """What somebody said last of a subject's score."""
    return ScoreFeedback.objects.filter(score=name, subject_id=subject_id, by=by).order_by("-given_at").first()


def words(name: str) -> list[Feedback]:
    """Every word on a score that says when it was given and of whom."""
    rows = ScoreFeedback.objects.filter(score=name).values_list("subject_id", "verdict", "given_at", "by")
    return [
        Feedback(subject_id=subject, verdict=verdict or "", given_at=given_at, by=by or "")
        for subject, verdict, given_at, by in rows
        if subject is not None and given_at is not None
    ]


def report(name: str, *, seen: Collection[str] | None = None, count: int = 50) -> FeedbackReport:
    """The agreement with a score, and its newest words.

    Parameters: seen, ids of the subjects whose words may be shown; None for all. The shares are of all words.
    """
    said = newest(words(name))
    bands = bands_then(name, said)
    rows = ScoreFeedback.objects.filter(score=name).order_by("-given_at", "-id")
    shown = rows if seen is None else rows.filter(subject_id__in=list(seen))
    return FeedbackReport(all=agreement(said), by_band=agreements(said, bands), rows=list(shown[:count]))


def by_criterion(name: str) -> tuple[Agreement, ...]:
    """Agreement by criterion that gives the subject points now, over the newest words; asks the engine for reasons."""
    said = newest(words(name))[-_EXPLAINED:]
    found = explain(name, sorted({one.subject_id for one in said}))
    fired = {
        subject: [line.name for line in one.lines if line.kind == "criterion" and line.points]
        for subject, one in found.items()
    }
    return agreements(said, fired)


def bands_then(name: str, said: Sequence[Feedback]) -> Mapping[str, list[str]]:
    """The band that each subject had when the last word on it was given; that of now where no value is older."""
    subjects = sorted({one.subject_id for one in said})
    history: dict[str, list[tuple[datetime, str | None]]] = defaultdict(list)
    current: dict[str, str | None] = {}
    for start in range(0, len(subjects), _AT_ONCE):
        some = subjects[start : start + _AT_ONCE]
        values = ScoreValue.objects.filter(score=name, subject_id__in=some).order_by("as_of")
        for subject, as_of, band in values.values_list("subject_id", "as_of", "band"):
            history[subject].append((as_of, band))
        now = CurrentScore.objects.filter(score=name, subject_id__in=some)
        current |= dict(now.values_list("subject_id", "band"))
    found: dict[str, list[str]] = {}
    for one in said:
        band = _band_at(history[one.subject_id], one.given_at) or current.get(one.subject_id)
        if band:
            found[one.subject_id] = [band]
    return found


def _band_at(history: Sequence[tuple[datetime, str | None]], at: datetime) -> str | None:
    position = bisect_right([as_of for as_of, _ in history], at)
    return history[position - 1][1] if position else None
