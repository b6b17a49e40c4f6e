"""Addresses of the segments."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.segments import editor, groups, metrics, views

app_name = "segments"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", editor.new, name="new"),
    path("form/", editor.form, name="form"),
    path("preview/", editor.preview, name="preview"),
    path("ready/", editor.make_ready, name="make_ready"),
    path("build/", views.build_every, name="build_all"),
    path("metrics/", metrics.page, name="metrics"),
    path("groups/", groups.page, name="groups"),
    path("groups/seek/", groups.seek, name="seek_groups"),
    path("groups/<str:grouping_id>/adopt/", groups.adopt, name="adopt_groups"),
    path("<slug:name>/", views.segment, name="segment"),
    path("<slug:name>/members/", views.members, name="members"),
    path("<slug:name>/members.csv", views.export, name="export"),
    path("<slug:name>/findings/", views.findings, name="findings"),
    path("<slug:name>/edit/", editor.edit, name="edit"),
    path("<slug:name>/build/", views.build_one, name="build"),
    path("<slug:name>/delete/", views.delete, name="delete"),
]
