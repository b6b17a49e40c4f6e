"""Columns that are worked out from others: names split, domains cut, the state of a deal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rapport.workspace.crm.intake.values.choices import status_of_stage
from rapport.workspace.crm.intake.values.persons import domain_of, split_name


def derive(table: str, values: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    """The draft of a row whose values are read: derived columns become columns of the table."""
    if (name := values.pop("full_name", None)) and table == "users":
        values.setdefault("name", name)
    elif name and "last_name" not in values:
        first, values["last_name"] = split_name(name)
        if first:
            values.setdefault("first_name", first)
    if (address := values.pop("website", None)) and "domain" not in values and "." in (domain := domain_of(address)):
        values["domain"] = domain
    if values.pop("is_deleted", False):
        values["deleted_at"] = values.get("modified_at") or at
    if table == "users" and "name" not in values and values.get("email"):
        values["name"] = values["email"]
    return _deal(values) if table == "deals" else values


def _deal(values: dict[str, Any]) -> dict[str, Any]:
    """Status from "won" and "closed" flags, else from the stage; the close date as what it is for that status."""
    told = _status(values)
    if told is not None:
        values["status"] = told
    status = values.get("status")
    close = values.pop("close_date", None)
    if close is not None and status in ("won", "lost"):
        values.setdefault("closed_at", close)
    elif close is not None:
        values.setdefault("expected_close_date", close.date())
    closed = values.get("closed_at")
    if closed is not None and status_of_stage(values.get("stage") or "") == status:
        values["dated"] = {"stage": closed}  # a stage that says won or lost began with the close
    return values


def _status(values: dict[str, Any]) -> str | None:
    won, closed = values.pop("is_won", None), values.pop("is_closed", None)
    if "status" in values:
        return None
    if won is not None or closed is not None:
        if won:
            return "won"
        return "lost" if closed else "open"
    return status_of_stage(values["stage"]) if values.get("stage") else None
