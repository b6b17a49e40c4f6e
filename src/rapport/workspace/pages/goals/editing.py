"""Making, changing and removing goals."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.errors import RapportError
from rapport.workspace.metrics.goals.asking import is_measurable
from rapport.workspace.metrics.goals.examples import draft_of, example_of
from rapport.workspace.metrics.goals.keeping import refresh
from rapport.workspace.metrics.goals.models import PERSPECTIVES
from rapport.workspace.metrics.goals.writing import Draft, remove_goal, save_goal, save_objective
from rapport.workspace.metrics.models import Goal
from rapport.workspace.pages.goals.form import NEW, GoalForm, answers_of, blank
from rapport.workspace.pages.goals.parts import parts_named
from rapport.workspace.team.access import Action, needs
from rapport.workspace.team.models import User


@needs(Action.EDIT_GOALS)
def new(request: HttpRequest) -> HttpResponse:
    """A form with the metric's history and suggested targets beside it."""
    user = cast(User, request.user)
    if request.method == "POST":
        return _saved(request, None)
    return _form(request, GoalForm(initial=blank(request.GET, user, now=timezone.now())), None)


@needs(Action.EDIT_GOALS)
def change(request: HttpRequest, goal_id: str) -> HttpResponse:
    goal = _goal(goal_id)
    if request.method == "POST":
        return _saved(request, goal)
    answers = answers_of(goal)
    parts = parts_named(answers["metric"] or "", answers["dimension"], now=timezone.now(), also=answers["part"])
    return _form(request, GoalForm(initial=answers, parts=parts), goal)


@require_POST
@needs(Action.EDIT_GOALS)
def remove(request: HttpRequest, goal_id: str) -> HttpResponse:
    remove_goal(_goal(goal_id), by=str(request.user.pk), now=timezone.now())
    messages.success(request, "The goal was removed.")
    return redirect("goals:index")


@require_POST
@needs(Action.EDIT_GOALS)
def take(request: HttpRequest, key: str) -> HttpResponse:
    """One of the field's goals, as it is, on the metric that was offered."""
    example = example_of(key)
    if example is None or request.POST.get("metric", "") not in example.metrics:
        raise Http404("There is no such goal to take.")
    draft = draft_of(example, request.POST["metric"], owner=str(request.user.pk), now=timezone.now())
    try:
        goal = _kept(draft, None, request)
    except RapportError as error:
        messages.error(request, error.sentence)
        return redirect("goals:index")
    messages.success(request, f"{example.title} is a goal now. Change what does not fit.")
    return redirect("goals:goal", goal.pk)


def _saved(request: HttpRequest, goal: Goal | None) -> HttpResponse:
    dimension, part = request.POST.get("dimension", ""), request.POST.get("part", "")
    form = GoalForm(request.POST, parts=[(part, part)] if dimension and part else [])
    if form.is_valid():
        try:
            saved = _kept(form.draft(objective=_objective(form), former=goal), goal, request)
        except RapportError as error:
            field = "target" if error.where == "target" else None
            form.add_error(field, error.sentence)
        else:
            return redirect("goals:goal", saved.pk)
    return _form(request, form, goal, status=422)


def _kept(draft: Draft, goal: Goal | None, request: HttpRequest) -> Goal:
    """Saved, and measured at once; what cannot be measured says why on its page."""
    now = timezone.now()
    saved = save_goal(draft, goal=goal, by=str(request.user.pk), now=now)
    if is_measurable(saved):
        try:
            refresh([saved], now=now)
        except RapportError as error:
            messages.warning(request, error.sentence)
    return saved


def _objective(form: GoalForm) -> str:
    """The id of the one chosen, or of a new one."""
    told = form.cleaned_data
    if told["objective"] != NEW:
        return str(told["objective"])
    return save_objective(title=told["new_objective"], heading=told["heading"]).pk


def _form(request: HttpRequest, form: GoalForm, goal: Goal | None, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "goal": goal, "headings": PERSPECTIVES}
    return render(request, "goals/form.html", context, status=status)


def _goal(goal_id: str) -> Goal:
    return get_object_or_404(Goal.objects.select_related("plan"), pk=goal_id, deleted_at=None)
