"""The sections of the workspace, in the order of the left-hand list. One without an address yet is left out."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, kw_only=True)
class Section:
    """One entry. key: the second key of its shortcut, after G. prefix: paths below belong to it."""

    label: str
    url_name: str
    icon: str
    key: str
    prefix: str


SECTIONS = (
    Section(label="Today", url_name="today:index", icon="sun", key="t", prefix="/today/"),
    Section(label="Dashboards", url_name="dashboards:index", icon="layout-dashboard", key="b", prefix="/dashboards/"),
    Section(label="Scores", url_name="scores:index", icon="target-arrow", key="s", prefix="/scores/"),
    Section(label="Contacts", url_name="contacts:list", icon="users", key="c", prefix="/contacts/"),
    Section(label="Accounts", url_name="accounts:list", icon="building", key="a", prefix="/accounts/"),
    Section(label="Deals", url_name="deals:board", icon="briefcase", key="d", prefix="/deals/"),
    Section(label="Goals", url_name="goals:index", icon="flag", key="g", prefix="/goals/"),
    Section(label="Segments", url_name="segments:index", icon="users-group", key="m", prefix="/segments/"),
    Section(label="Data", url_name="data:index", icon="database", key="i", prefix="/data/"),
    Section(label="Settings", url_name="settings:index", icon="settings", key="e", prefix="/settings/"),
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A section as shown: with its address and whether the reader is in it."""

    section: Section
    url: str
    active: bool


def entries(path: str) -> list[Entry]:
    """The sections that exist, in order."""
    shown = []
    for section in SECTIONS:
        try:
            url = reverse(section.url_name)
        except NoReverseMatch:
            continue
        active = path == url or path.startswith(section.prefix)
        shown.append(Entry(section=section, url=url, active=active))
    return shown
