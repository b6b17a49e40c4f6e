"""Rapport: a self-hosted CRM whose scores are proved on your own history before they go live.

In a notebook: `import rapport`, then `rapport.open_crm(...)`. Its names are loaded when they are first asked for,
so that importing a part of the product does not load the engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rapport.notebook import Crm, open_crm

__all__ = ["Crm", "open_crm"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'rapport' has no attribute {name!r}")
    return getattr(import_module("rapport.notebook"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
