"""What a user's row needs beside the columns of the CRM table: a name to sign in with, and no way to do it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.hashers import make_password

from rapport.workspace.crm.records.steps import Step


def sign_in_columns(new: Sequence[Step]) -> None:
    """Complete users that come from a source: they own records and cannot sign in until an admin invites them."""
    locked = make_password(None)
    for step in new:
        values = step.values
        values["name"] = values.get("name") or ""
        values["email"] = values.get("email") or ""
        values.update(
            username=f"{(values.get('name') or values['email'] or 'owner')[:100]} ({step.id[-8:]})",
            password=locked,
            is_active=False,
        )
