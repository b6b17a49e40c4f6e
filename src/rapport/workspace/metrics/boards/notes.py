"""Remarks on days: who may write and remove them, and which belong to a dashboard."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.period import Period
from rapport.workspace.metrics.boards.access import may_edit, seen_by
from rapport.workspace.metrics.models import Dashboard, DashboardNote
from rapport.workspace.team.access import Action, can
from rapport.workspace.team.models import Role, User


def notes_of(dashboard: Dashboard, *, within: Period | None = None) -> list[DashboardNote]:
    """Those of the dashboard and those of all dashboards, newest day first."""
    found = DashboardNote.objects.filter(Q(dashboard=dashboard) | Q(dashboard=None)).select_related("author")
    if within is not None:
        found = found.filter(day__gte=within.start, day__lt=within.end)
    return list(found)


def write_note(dashboard: Dashboard, *, day: date, text: str, author: User, everywhere: bool = False) -> DashboardNote:
    """Whoever sees a dashboard may remark on it; on all of them, who may share dashboards."""
    if not seen_by(author).filter(pk=dashboard.pk).exists():
        raise PermissionDenied("You do not see this dashboard.")
    if everywhere and not can(author, Action.EDIT_DASHBOARDS):
        raise PermissionDenied("Your role does not allow a note on every dashboard.")
    text = " ".join(text.split())
    if not text or len(text) > 500:
        raise DefinitionError("A note has 1 to 500 letters.", where="text")
    return DashboardNote.objects.create(dashboard=None if everywhere else dashboard, day=day, text=text, author=author)


def may_remove(user: User, note: DashboardNote) -> bool:
    """Its author, who may change the dashboard, and administrators."""
    if note.author_id == user.pk or user.role == Role.ADMIN:
        return True
    return note.dashboard is not None and may_edit(user, note.dashboard)


def remove_note(note: DashboardNote, *, user: User) -> None:
    if not may_remove(user, note):
        raise PermissionDenied("Only its author removes a note.")
    note.delete()
