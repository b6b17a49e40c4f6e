"""Addresses of the frame: home, command palette, keyboard help, health."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.frame import home, palette

app_name = "frame"
urlpatterns = [
    path("", home.home, name="home"),
    path("healthz", home.healthy, name="healthy"),
    path("palette/", palette.palette, name="palette"),
]
