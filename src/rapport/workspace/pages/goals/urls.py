"""Addresses of the goals."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.goals import editing, objectives, preview, views

app_name = "goals"
urlpatterns = [
    path("", views.index, name="index"),
    path("strategy/", views.strategy, name="strategy"),
    path("measure/", views.measure, name="measure"),
    path("offers/", views.offered, name="offers"),
    path("new/", editing.new, name="new"),
    path("preview/", preview.preview, name="preview"),
    path("take/<slug:key>/", editing.take, name="take"),
    path("objectives/new/", objectives.new, name="objective_new"),
    path("objectives/<str:objective_id>/", objectives.edit, name="objective"),
    path("alerts/<str:alert_id>/seen/", views.seen, name="seen"),
    path("<str:goal_id>/", views.goal, name="goal"),
    path("<str:goal_id>/change/", editing.change, name="change"),
    path("<str:goal_id>/remove/", editing.remove, name="remove"),
]
