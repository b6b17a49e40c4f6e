"""Objectives: what goals are for."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from rapport.workspace.metrics.goals.models import PERSPECTIVES, Objective
from rapport.workspace.metrics.goals.writing import save_objective
from rapport.workspace.team.access import Action, needs


class ObjectiveForm(forms.ModelForm[Objective]):
    """One objective. Headings are the four perspectives, or words of one's own."""

    class Meta:
        model = Objective
        fields = ["title", "heading", "why", "position"]
        widgets = {"heading": forms.TextInput(attrs={"list": "headings"})}
        help_texts = {
            "heading": "A perspective, or a word of your own.",
            "why": "One sentence, for those who did not decide it.",
            "position": "Its place on the page; smaller comes first.",
        }


@needs(Action.EDIT_GOALS)
def new(request: HttpRequest) -> HttpResponse:
    return _answered(request, None)


@needs(Action.EDIT_GOALS)
def edit(request: HttpRequest, objective_id: str) -> HttpResponse:
    objective = get_object_or_404(Objective, pk=objective_id)
    if request.method == "POST" and "remove" in request.POST:
        objective.delete()
        messages.success(request, "The objective was removed; its goals stay.")
        return redirect("goals:index")
    return _answered(request, objective)


def _answered(request: HttpRequest, objective: Objective | None) -> HttpResponse:
    first = {"heading": PERSPECTIVES[0], "position": Objective.objects.count()} if objective is None else None
    form = ObjectiveForm(request.POST or None, instance=objective, initial=first)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        saved = save_objective(title=told["title"], heading=told["heading"], why=told["why"], objective=objective)
        Objective.objects.filter(pk=saved.pk).update(position=told["position"])
        return redirect("goals:index")
    context = {"form": form, "objective": objective, "headings": PERSPECTIVES}
    return render(request, "goals/objective.html", context, status=422 if form.errors else 200)
