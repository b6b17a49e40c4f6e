"""Watching a live score: what was found when it was last looked at, how it is spread, and the looks before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rapport.workspace.pages.scores.live_pictures import drift_chart, watch_chart
from rapport.workspace.queue import enqueue
from rapport.workspace.scores.definitions import live
from rapport.workspace.scores.models import ScoreCheck
from rapport.workspace.scores.monitoring import Health, health_of, history
from rapport.workspace.scores.overview import Overview
from rapport.workspace.team.access import Action, can, needs

LEVELS = {
    "ok": ("circle-check", "well", "chip-good"),
    "unknown": ("clock", "too early to tell", ""),
    "watch": ("alert-triangle", "watch", "chip-warn"),
    "alarm": ("alert-circle", "alarm", "chip-bad"),
}


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A level as shown."""

    icon: str
    word: str
    css: str


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A live score in short, and how it was found."""

    overview: Overview
    health: Health
    sign: Sign


@dataclass(frozen=True, kw_only=True)
class ShownFinding:
    """A finding with its sign. drift: the figures of a comparison of two spreads, else None."""

    about: str
    sign: Sign
    sentence: str
    drift: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Look:
    """One earlier look: its AUC on matured values and the PSI of the score, None where they were not told."""

    check: ScoreCheck
    sign: Sign
    auc: float | None
    psi: float | None
    alarms: Sequence[str]


def sign_of(level: str) -> Sign:
    icon, word, css = LEVELS[level]
    return Sign(icon=icon, word=word, css=css)


def with_health(found: Sequence[Overview]) -> list[Watched]:
    """Live scores with how they were found when last looked at."""
    health = health_of(o.version.name or "" for o in found)
    return [Watched(overview=o, health=(h := health[o.version.name or ""]), sign=sign_of(h.level)) for o in found]


def watch(request: HttpRequest, name: str) -> HttpResponse:
    version = live(name)
    if version is None:
        raise Http404("This score is not live.")
    looks = [_look(check) for check in history(name)]
    newest = looks[0].check if looks else None
    findings = [_shown(f) for f in newest.findings] if newest else []
    spread = next((f.drift for f in findings if f.about == "drift of the score" and f.drift), None)
    context = {
        "name": name,
        "version": version,
        "check": newest,
        "sign": sign_of(newest.level if newest else "unknown"),
        "findings": [f for f in findings if f.drift is None or f.about == "drift of the score"],
        "inputs": [f for f in findings if f.drift is not None and f.about != "drift of the score"],
        "spread": drift_chart(spread) if spread else None,
        "looks": looks,
        "over_time": watch_chart([(look.check.checked_at, look.auc, look.psi) for look in reversed(looks)]),
        "may_edit": can(request.user, Action.EDIT_SCORES),
    }
    return render(request, "scores/watch.html", context)


@require_POST
@needs(Action.EDIT_SCORES)
def look(request: HttpRequest, name: str) -> HttpResponse:
    """Look at it now, in the background."""
    found = enqueue("monitor", by=request.user, once=True, score=name)
    if getattr(request, "htmx", False):
        return render(request, "scores/job.html", {"job": found})
    return redirect(reverse("scores:watch", args=[name]))


def _shown(finding: Mapping[str, Any]) -> ShownFinding:
    return ShownFinding(
        about=finding["about"],
        sign=sign_of(finding["level"]),
        sentence=finding["sentence"],
        drift=(finding.get("figures") or {}).get("drift"),
    )


def _look(check: ScoreCheck) -> Look:
    figures = {f["about"]: f.get("figures") or {} for f in check.findings}
    return Look(
        check=check,
        sign=sign_of(check.level),
        auc=(figures.get("ranking", {}).get("now") or {}).get("value"),
        psi=(figures.get("drift of the score", {}).get("drift") or {}).get("psi"),
        alarms=[f["about"] for f in check.findings if f["level"] == "alarm"],
    )
