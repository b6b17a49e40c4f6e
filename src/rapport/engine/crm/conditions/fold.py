"""How texts are compared: after NFC and casefold on both sides."""

from __future__ import annotations

from unicodedata import normalize


def nfc(text: str) -> str:
    """Composed form, so that é is é however it was typed."""
    return normalize("NFC", text)


def folded(text: str) -> str:
    """NFC and casefold: STRASSE and Straße are equal."""
    return nfc(nfc(text).casefold())
