"""Addresses of the dashboards."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.dashboards import metric, views

app_name = "dashboards"
urlpatterns = [
    path("", views.index, name="index"),
    path("metrics/", metric.catalogue, name="metrics"),
    path("metrics/<str:metric_id>/", metric.metric, name="metric"),
    path("metrics/<str:metric_id>/figures/", metric.figures, name="metric_figures"),
    path("metrics/<str:metric_id>/rows/", metric.rows, name="rows"),
    path("metrics/<str:metric_id>/rows.csv", metric.export, name="export"),
    path("<slug:slug>/", views.dashboard, name="dashboard"),
    path("<slug:slug>/figures/", views.figures, name="figures"),
]
