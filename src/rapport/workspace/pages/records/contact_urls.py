"""Addresses under /contacts/."""

from __future__ import annotations

from rapport.workspace.pages.lists.pages import list_urls
from rapport.workspace.pages.records.lists import CONTACTS
from rapport.workspace.pages.records.pages import record_urls
from rapport.workspace.pages.records.subjects import CONTACT

app_name = "contacts"
urlpatterns = [*list_urls(CONTACTS), *record_urls(CONTACT)]
