"""The scores: all of them, one of them, one version of it."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from rapport.workspace.pages.scores.links import with_names
from rapport.workspace.pages.scores.monitoring import sign_of, with_health
from rapport.workspace.pages.scores.pictures import decile_chart, distribution_chart
from rapport.workspace.scores import overview
from rapport.workspace.scores.definitions import check, differences, live, readable
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRelease
from rapport.workspace.scores.monitoring import health_of
from rapport.workspace.scores.references import newer_parts
from rapport.workspace.scores.releases import doubts
from rapport.workspace.scores.shadow import newest as newest_shadow
from rapport.workspace.scores.subjects import records
from rapport.workspace.scores.templates import templates
from rapport.workspace.team.access import Action, can, visible
from rapport.workspace.team.models import Role, User

_TOP = 10


def index(request: HttpRequest) -> HttpResponse:
    found = overview.overviews(now=timezone.now())
    return render(
        request,
        "scores/index.html",
        {
            "overviews": found,
            "watched": with_health(found),
            "drafts": overview.drafts(),
            "templates": templates().values(),
            "may_edit": can(_user(request), Action.EDIT_SCORES),
        },
    )


def score(request: HttpRequest, name: str) -> HttpResponse:
    """A score: its live version, else its newest."""
    versions = overview.versions(name)
    if not versions:
        raise Http404("There is no such score.")
    shown = live(name) or versions[0]
    bins = overview.distribution(shown)
    context = {
        "name": name,
        "version": shown,
        "definition": readable(shown),
        "problem": check(shown.document or "").problem,
        "overview": overview.overview(shown, now=timezone.now()),
        "bins": bins,
        "distribution": distribution_chart(bins, readable(shown)),
        "top": with_names(_seen(request, shown).order_by("-value", "subject_id")[:_TOP]),
        "risers": with_names(_seen(request, shown).filter(trend="rising").order_by("-change_7d", "subject_id")[:_TOP]),
        "fallers": with_names(_seen(request, shown).filter(trend="falling").order_by("change_7d", "subject_id")[:_TOP]),
        "versions": versions,
        "health": (health := health_of([name])[name]),
        "health_sign": sign_of(health.level),
        "releases": ScoreRelease.objects.filter(definition__name=name).select_related("definition")[:20],
        **_report(shown),
        **_abilities(request),
    }
    return render(request, "scores/score.html", context)


def version(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """One version: its document, what changed, its proof, and what can be done with it."""
    shown = get_object_or_404(ScoreDefinition, name=name, version=version)
    before = _compared(request, shown)
    context = {
        "name": name,
        "version": shown,
        "definition": (definition := readable(shown)),
        "newer_parts": newer_parts(definition) if definition else (),
        "problem": check(shown.document or "").problem,
        "before": before,
        "differences": differences(before, shown) if before else [],
        "versions": overview.versions(name),
        "releases": shown.releases.all(),
        "doubts": doubts(shown),
        "shadow": newest_shadow(name, version),
        **_report(shown),
        **_abilities(request),
    }
    return render(request, "scores/version.html", context)


def report(request: HttpRequest, name: str, version: int, form: str) -> HttpResponse:
    """The backtest report as a file: `json` or `html`."""
    shown = get_object_or_404(ScoreDefinition, name=name, version=version)
    if shown.backtest is None or form not in ("json", "html"):
        raise Http404("There is no such report.")
    answer: HttpResponse
    if form == "json":
        answer = JsonResponse(shown.backtest, json_dumps_params={"indent": 2, "ensure_ascii": False})
    else:
        answer = HttpResponse(shown.backtest_html or "", content_type="text/html; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{version}-backtest.{form}"'
    return answer


def _compared(request: HttpRequest, shown: ScoreDefinition) -> ScoreDefinition | None:
    """The version to show differences with: the one asked for, else the one before."""
    asked = request.GET.get("with", "")
    others = ScoreDefinition.objects.filter(name=shown.name)
    if asked.isdigit():
        return others.filter(version=int(asked)).first()
    return others.filter(version__lt=shown.version).order_by("-version").first()


def _seen(request: HttpRequest, shown: ScoreDefinition) -> QuerySet[CurrentScore]:
    """Current values of the records that the reader may see."""
    rows = CurrentScore.objects.filter(score=shown.name, value__isnull=False)
    user = _user(request)
    if user.role == Role.ADMIN:
        return rows
    return rows.filter(subject_id__in=visible(records(shown.subject), user).values("pk"))


def _report(shown: ScoreDefinition) -> dict[str, object]:
    """The backtest as a page needs it; None where there is none."""
    found = shown.backtest
    if not found:
        return {"report": None}
    by_band = {row["band"]: row["conversion"] for row in found.get("bands", ())}
    told = {"report": found, "report_doubts": doubts(shown)}
    return {**told, "conversions": by_band, "deciles": decile_chart(found)}


def _abilities(request: HttpRequest) -> dict[str, bool]:
    user = _user(request)
    return {"may_edit": can(user, Action.EDIT_SCORES), "may_publish": can(user, Action.PUBLISH_SCORES)}


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
