"""Addresses under /deals/."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.deals.lists import DEALS
from rapport.workspace.pages.deals.pages import board
from rapport.workspace.pages.lists.pages import list_urls
from rapport.workspace.pages.records.pages import record_urls
from rapport.workspace.pages.records.subjects import DEAL

app_name = "deals"
urlpatterns = [path("board/", board, name="board"), *list_urls(DEALS), *record_urls(DEAL)]
