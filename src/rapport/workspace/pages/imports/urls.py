"""Addresses of the import pages."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.imports import quarantine, views

app_name = "imports"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:import_id>/", views.show, name="show"),
    path("<str:import_id>/mapping/", views.confirm_mapping, name="mapping"),
    path("<str:import_id>/progress/", views.progress, name="progress"),
    path("<str:import_id>/rows/", views.rows, name="rows"),
    path("<str:import_id>/start/", views.start, name="start"),
    path("<str:import_id>/undo/", views.undo, name="undo"),
    path("<str:import_id>/quarantine.csv", quarantine.download, name="quarantine"),
    path("<str:import_id>/admit/", quarantine.admit_all, name="admit"),
    path("<str:import_id>/rows/<int:row>/", quarantine.mend, name="mend"),
]
