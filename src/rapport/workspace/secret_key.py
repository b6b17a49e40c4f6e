"""The key for sessions and signatures: given, or made once and kept in the home folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from rapport.workspace.options import option


def secret_key(home: Path) -> str:
    """`RAPPORT_SECRET_KEY`, else the key in `secret_key`, made for its owner's eyes only where it is missing."""
    if given := option("secret_key"):
        return given
    file = home / "secret_key"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(48))
    return file.read_text().strip()
