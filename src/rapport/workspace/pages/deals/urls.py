"""Addresses under /deals/."""

from __future__ import annotations

from django.urls import path

from rapport.workspace.pages.deals.forecast import forecast_beyond, forecast_figures, forecast_page, forecast_past
from rapport.workspace.pages.deals.lists import DEALS
from rapport.workspace.pages.deals.pages import board
from rapport.workspace.pages.lists.pages import list_urls
from rapport.workspace.pages.records.pages import record_urls
from rapport.workspace.pages.records.subjects import DEAL

app_name = "deals"
urlpatterns = [
    path("board/", board, name="board"),
    path("forecast/", forecast_page, name="forecast"),
    path("forecast/figures/", forecast_figures, name="forecast_figures"),
    path("forecast/beyond/", forecast_beyond, name="forecast_beyond"),
    path("forecast/past/", forecast_past, name="forecast_past"),
    *list_urls(DEALS),
    *record_urls(DEAL),
]
