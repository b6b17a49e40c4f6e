"""Addresses under /settings/."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.settings import pages

app_name = "settings"
urlpatterns = [
    path("", pages.me, name="index"),
    path("people/", pages.people, name="people"),
    path("people/new/", pages.person, name="new_person"),
    path("people/<str:user_id>/", pages.person, name="person"),
    path("people/<str:user_id>/password/", pages.give_password, name="give_password"),
    path("teams/", pages.teams, name="teams"),
    path("teams/<str:team_id>/", pages.teams, name="team"),
    path("installation/", pages.installation, name="installation"),
]
