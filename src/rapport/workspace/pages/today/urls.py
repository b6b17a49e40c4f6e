"""Addresses of Today."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.today import views

app_name = "today"
urlpatterns = [
    path("", views.index, name="index"),
    path("work/<str:item_id>/done/", views.done, name="done"),
    path("work/<str:item_id>/snooze/", views.snooze, name="snooze"),
    path("work/<str:item_id>/not-relevant/", views.not_relevant, name="not_relevant"),
    path("work/<str:item_id>/reopen/", views.reopen, name="reopen"),
]
