"""The people records can belong to."""

from __future__ import annotations

from rapport.workspace.team.access import colleagues, owners_seen
from rapport.workspace.team.models import User

_MOST = 500


def people() -> list[User]:
    """Everyone who is not deleted, by name; at most 500."""
    return list(
        User.objects.filter(deleted_at=None).order_by("name", "username").only("pk", "name", "username")[:_MOST]
    )


def assignable(user: User) -> list[User]:
    """Those whom the user may give records to: the ones whose records the user sees."""
    if owners_seen(user) is None:
        return people()
    return [person for person in colleagues(user) if person.deleted_at is None]
