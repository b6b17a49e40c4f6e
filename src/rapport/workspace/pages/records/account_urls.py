"""Addresses under /accounts/."""

from __future__ import annotations

from rapport.workspace.pages.lists.pages import list_urls
from rapport.workspace.pages.records.lists import ACCOUNTS
from rapport.workspace.pages.records.pages import record_urls
from rapport.workspace.pages.records.subjects import ACCOUNT

app_name = "accounts"
urlpatterns = [*list_urls(ACCOUNTS), *record_urls(ACCOUNT)]
