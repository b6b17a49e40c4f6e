"""Addresses under /data/."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.data import pages

app_name = "data"
urlpatterns = [
    path("", pages.index, name="index"),
    path("sources/", pages.source_counts, name="sources"),
    path("lake/", pages.lake, name="lake"),
    path("sample/remove/", pages.remove_sample, name="remove_sample"),
]
