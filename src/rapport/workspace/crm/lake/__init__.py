"""The lake of this workspace: publishing into it, reading it with what is not in it yet, keeping it in order.

The names below are found here; they are loaded when they are asked for, because models may not be imported while
Django starts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rapport.workspace.crm.lake.publishing import publish
    from rapport.workspace.crm.lake.snapshots import open_snapshot
    from rapport.workspace.crm.lake.upkeep import compact, rebuild, vacuum
    from rapport.workspace.crm.lake.withdrawing import withdraw

_HOMES = {
    "compact": "upkeep",
    "open_snapshot": "snapshots",
    "publish": "publishing",
    "rebuild": "upkeep",
    "vacuum": "upkeep",
    "withdraw": "withdrawing",
}

__all__ = ["compact", "open_snapshot", "publish", "rebuild", "vacuum", "withdraw"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
