"""The first administrator: made with a password that is shown once and kept only as a hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

USERNAME = "admin"
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without what is easily mistaken


@dataclass(frozen=True)
class Access:
    """How to sign in. password: None where one was set before; it cannot be read again."""

    username: str
    password: str | None


def ensure_administrator(*, reset: bool = False) -> Access:
    """An administrator who can sign in; with `reset` the first one gets a new password."""
    from rapport.workspace.team.models import Role, User

    admins = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("date_joined")
    user = admins.filter(username=USERNAME).first() or admins.first()
    if user is not None and user.has_usable_password() and not reset:
        return Access(user.username, None)
    if user is None:
        user = User(username=USERNAME, name="Administrator", role=Role.ADMIN, is_staff=True, is_superuser=True)
    password = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    user.set_password(password)
    user.save()
    return Access(user.username, password)
