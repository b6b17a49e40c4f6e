"""The form of a goal: what is asked, and a draft made of the answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.http import QueryDict
from django.urls import reverse

from rapport.engine.metrics.goals import Direction
from rapport.engine.metrics.pages import ROOMS
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.metrics.goals.asking import BEFORE, LAST_YEAR, last_day, span_of, today_of
from rapport.workspace.metrics.goals.models import PERSPECTIVES, Objective
from rapport.workspace.metrics.goals.writing import Draft
from rapport.workspace.metrics.models import Goal
from rapport.workspace.team.models import Team, User

VALUE = "value"
NEW = "new"


class GoalForm(forms.Form):
    """One goal. Shares and changes are written in per cent."""

    title = forms.CharField(max_length=200, required=False, help_text="Empty: the metric's name.")
    objective = forms.ChoiceField(required=False)
    new_objective = forms.CharField(max_length=200, required=False, label="Name of the new objective")
    heading = forms.CharField(
        max_length=100,
        required=False,
        label="Heading of the new objective",
        help_text="A perspective, or a word of your own.",
        widget=forms.TextInput(attrs={"list": "headings"}),
    )
    metric = forms.ChoiceField()
    dimension = forms.ChoiceField(required=False, label="Only a part")
    part = forms.ChoiceField(required=False, label="Which")
    direction = forms.ChoiceField(
        choices=[(Direction.AT_LEAST, "at least"), (Direction.AT_MOST, "at most")], label="Is to be"
    )
    kind = forms.ChoiceField(
        choices=[
            (VALUE, "a value"),
            (LAST_YEAR, "a change on the same days a year before"),
            (BEFORE, "a change on as many days before"),
        ],
        label="The target is",
    )
    target = forms.FloatField(label="Target", widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}))
    first = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label="Due day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    owner = forms.ChoiceField(required=False)
    team = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, parts: list[tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spec = METRICS.get(str(self["metric"].value() or ""))
        self._choose("metric", [("", "Choose a metric"), *metrics_by_room()])
        objectives = [(o.pk, o.title) for o in Objective.objects.all()]
        self._choose("objective", [("", "None"), *objectives, (NEW, "A new objective")])
        dimensions = [(name, name.replace("_", " ").capitalize()) for name in (spec.dimensions if spec else ())]
        self._choose("dimension", [("", "The whole"), *dimensions])
        self._choose("part", [("", "Choose"), *(parts or [])])
        people = User.objects.filter(deleted_at=None, is_active=True).order_by("name", "username")
        self._choose("owner", [("", "Nobody"), *((p.pk, p.name or p.username) for p in people)])
        teams = Team.objects.filter(deleted_at=None).order_by("name")
        self._choose("team", [("", "No team"), *((t.pk, t.name) for t in teams)])
        for name in ("metric", "dimension", "kind"):  # the preview, and the fields that follow from these
            self.fields[name].widget.attrs |= {"hx-get": reverse("goals:preview"), "hx-include": "#goal-form"}
        self.fields["target"].help_text = unit_of(spec, kind=str(self["kind"].value() or VALUE))

    def _choose(self, field: str, choices: list[Any]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]

    def clean_part(self) -> str:
        part = str(self.cleaned_data["part"])
        if self.cleaned_data.get("dimension") and not part:
            raise forms.ValidationError("Choose which part, or the whole.")
        return part

    def draft(self, *, objective: str, former: Goal | None = None) -> Draft:
        """What was answered; call it once the form is valid. A goal on several parts, whose first one stands in the
        form, stays on all of them."""
        told = self.cleaned_data
        spec, change = METRICS[told["metric"]], told["kind"] != VALUE
        target = told["target"] / 100 if change or spec.unit.is_percent else told["target"]
        return Draft(
            metric=told["metric"],
            direction=Direction(told["direction"]),
            first=told["first"],
            last=told["last"],
            target=None if change else target,
            change=target if change else None,
            baseline=told["kind"] if change else LAST_YEAR,
            filters=_filters(told["dimension"], told["part"], former),
            title=told["title"],
            objective=objective,
            owner=told["owner"],
            team=told["team"],
        )


def _filters(dimension: str, part: str, former: Goal | None) -> dict[str, list[str]]:
    if former is not None and former.filters and _first_part(former) == (dimension, part):
        return {name: v if isinstance(v, list) else [str(v)] for name, v in former.filters.items()}
    return {dimension: [part]} if dimension and part else {}


def _first_part(goal: Goal) -> tuple[str, str]:
    """Of a goal's filters the first dimension and value, both empty where it is about the whole."""
    dimension, values = next(iter((goal.filters or {}).items()), ("", ""))
    return dimension, str(values[0] if isinstance(values, list) and values else values or "")


def metrics_by_room() -> list[tuple[str, list[tuple[str, str]]]]:
    """The catalogue, grouped as it is elsewhere."""
    rooms = [(title, [(s.id, s.name) for s in METRICS.values() if s.room == room]) for room, title in ROOMS.items()]
    return [(title, sorted(specs, key=lambda s: s[1])) for title, specs in rooms if specs]


def unit_of(spec: Metric | None, *, kind: str) -> str:
    """What a number typed as the target means."""
    if kind != VALUE:
        return "In per cent: 10 is a tenth more, −10 a tenth less."
    if spec is None:
        return ""
    if spec.unit.is_percent:
        return "In per cent."
    return {Unit.COUNT: "A number.", Unit.AMOUNT: "In the company's currency."}.get(spec.unit, f"In {spec.unit.value}.")


def blank(asked: QueryDict, user: User, *, now: datetime) -> dict[str, Any]:
    """Answers to begin with: this year, or the next half a year late in it; owned by whoever asks."""
    today = today_of(now)
    first, last = date(today.year, 1, 1), date(today.year, 12, 31)
    if today.month >= 11:
        first = today.replace(day=1) + relativedelta(months=1)
        last = first + relativedelta(months=12) - relativedelta(days=1)
    spec = METRICS.get(asked.get("metric", ""))
    less = spec is not None and spec.higher_is_better is False
    return {
        "metric": asked.get("metric", ""),
        "objective": asked.get("objective", ""),
        "heading": PERSPECTIVES[0],
        "direction": Direction.AT_MOST if less else Direction.AT_LEAST,
        "kind": VALUE,
        "first": first,
        "last": last,
        "owner": user.pk,
    }


def answers_of(goal: Goal) -> dict[str, Any]:
    """A goal as answers, to change it."""
    plan = getattr(goal, "plan", None)
    spec = METRICS.get(goal.metric or "")
    dimension, part = _first_part(goal)
    target = goal.target
    if target is not None and spec is not None and spec.unit.is_percent:
        target = round(100 * target, 6)
    days = {"first": span_of(goal).start, "last": last_day(goal)} if goal.starts_at and goal.due_at else {}
    return {
        "title": plan.title if plan else "",
        "objective": (plan.objective_id or "") if plan else "",
        "metric": goal.metric,
        "dimension": dimension,
        "part": part,
        "direction": goal.direction or Direction.AT_LEAST,
        "kind": VALUE,
        "target": target,
        "owner": goal.owner_id or "",
        "team": (plan.team_id or "") if plan else "",
        **days,
    }
