"""The lake of this workspace: publishing into it, reading it with what is not in it yet, keeping it in order.

publish, open_snapshot, rebuild and compact are found here too; they are loaded when they are asked for, because models
may not be imported while Django starts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rapport.workspace.crm.lake.publishing import publish
    from rapport.workspace.crm.lake.snapshots import open_snapshot

_HOMES = {"publish": "publishing", "open_snapshot": "snapshots"}

__all__ = ["open_snapshot", "publish"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
