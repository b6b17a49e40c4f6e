"""The scores of one record, with reasons that add up; shown on the record's page and wherever a score is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.engine.scores.explanation import Explanation, shown
from rapport.workspace.pages.scores.evidence import evidence_of
from rapport.workspace.pages.scores.scored_record import live_score_of
from rapport.workspace.scores.definitions import live_definitions
from rapport.workspace.scores.explanations import explain_subject
from rapport.workspace.scores.history import Point, history_of
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreOverride
from rapport.workspace.scores.next_band import next_band_of
from rapport.workspace.scores.overrides import overrides_of
from rapport.workspace.scores.subjects import MODELS, records
from rapport.workspace.team.access import Action, can, visible
from rapport.workspace.team.models import User

_HISTORY = timedelta(days=180)
_ORDER = {"base": 0, "criterion": 1}


@dataclass(frozen=True, kw_only=True)
class ReasonLine:
    """A line of the explanation as shown; the shown points add up to the shown value.

    inner: where the reason is another score, its own reasons in its own points, as (name, points, sentence).
    """

    name: str
    group: str
    kind: str
    points: Decimal
    sentence: str
    evidence: Sequence[tuple[str, str]]
    inner: Sequence[tuple[str, Decimal, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A score of a record. value: as explained now; problem: why there is no explanation, else empty;
    facts: further figures of the kind, as (what, value); override: what somebody set by hand."""

    version: ScoreDefinition
    current: CurrentScore | None
    value: Decimal | None
    reason_null: str | None
    lines: Sequence[ReasonLine]
    problem: str
    history: Sequence[Point]
    facts: Sequence[tuple[str, str]] = ()
    override: ScoreOverride | None = None

    @property
    def above(self) -> int:
        """Whole percent of the others, cut, so that nobody is above all."""
        return int(self.current.percentile or 0) if self.current else 0

    @property
    def values(self) -> list[float | None]:
        return [point.value for point in self.history]


def record(request: HttpRequest, kind: str, record_id: str) -> HttpResponse:
    """A part of a page: every live score of a record."""
    _check(request, kind, record_id)
    versions = [v for v in live_definitions() if v.subject == kind]
    may_override = can(cast(User, request.user), Action.EDIT_SCORES)
    context = {"scores": _shown(versions, record_id), "kind": kind, "may_override": may_override}
    return render(request, "scores/record.html", context)


def why(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: the reasons of one score of a record."""
    version = live_score_of(request, name, record_id)
    return render(request, "scores/why.html", {"score": _shown([version], record_id)[0]})


def lift(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: what would lift a record to the next band of a score."""
    live_score_of(request, name, record_id)
    try:
        context: dict[str, object] = {"next": next_band_of(name, record_id)}
    except RapportError as error:
        context = {"problem": error.sentence}
    return render(request, "scores/next.html", context)


def _check(request: HttpRequest, kind: str, record_id: str) -> None:
    if kind not in MODELS:
        raise Http404("There are no scores of that.")
    get_object_or_404(visible(records(kind), cast(User, request.user)), pk=record_id)


def _shown(versions: Sequence[ScoreDefinition], record_id: str) -> list[Shown]:
    current = {c.score: c for c in CurrentScore.objects.filter(subject_id=record_id)}
    explained = explain_subject(versions, record_id)
    since = timezone.now() - _HISTORY
    by_hand = overrides_of(record_id, at=timezone.now())
    return [
        _one(
            version,
            current.get(version.name or ""),
            explained[version.name or ""],
            history_of(record_id, score=version.name or "", version=version.version, since=since),
            by_hand.get(version.name or ""),
        )
        for version in versions
    ]


def _one(
    version: ScoreDefinition,
    current: CurrentScore | None,
    found: Explanation | str,
    history: Sequence[Point],
    override: ScoreOverride | None,
) -> Shown:
    told: dict[str, Any] = {"value": None, "reason_null": None, "lines": (), "problem": ""}
    if isinstance(found, str):
        told["problem"] = found
    else:
        told |= {"value": found.shown_value, "reason_null": found.reason_null, "lines": _lines(found)}
        told["facts"] = evidence_of(found.facts)
    return Shown(version=version, current=current, history=history, override=override, **told)


def _lines(found: Explanation) -> list[ReasonLine]:
    """What an average subject has, what gave points, the strongest first; limits and rounding last."""
    ordered = sorted(
        found.shown_lines, key=lambda line: (_ORDER.get(line.kind, len(_ORDER)), -abs(line.points), line.name)
    )
    return [
        ReasonLine(
            name=line.name,
            group=line.group,
            kind=line.kind,
            points=line.points,
            sentence=line.sentence,
            evidence=evidence_of(line.evidence),
            inner=[(one.name, shown(one.points), one.sentence) for one in line.inner if one.points],
        )
        for line in ordered
    ]
