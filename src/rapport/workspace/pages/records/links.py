"""Links to records and people by name."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rapport.workspace.pages.frame.badges import avatar_html
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.models import User

_PAGES = {"contacts": "contacts:record", "accounts": "accounts:record", "deals": "deals:record"}


def link_to(record: Any) -> SafeString:
    """A record's name with a link to its page; a person's or a page-less thing's name alone."""
    if isinstance(record, User):
        return format_html('<span class="row-person">{}<span>{}</span></span>', avatar_html(str(record), "xs"), record)
    page = _PAGES.get(record._meta.db_table)
    name = name_of(record)
    return (
        format_html('<a href="{}">{}</a>', reverse(page, args=[record.pk]), name) if page else format_html("{}", name)
    )
