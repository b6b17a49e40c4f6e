"""Interactions that machines made are flagged; the interactions themselves stay as they are."""

from __future__ import annotations

from datetime import datetime, timedelta

from rapport.engine.crm.machines import MachineMade, find_machines
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.records.changes import write
from rapport.workspace.crm.records.models import InteractionFlag

SOURCE = "machine_rules"
_OVERLAP = timedelta(days=7)  # what is recorded late is looked at again
_AT_ONCE = 500


def flag_machines(*, now: datetime, everything: bool = False) -> dict[str, int]:
    """Find interactions that machines made and flag those that carry no finding yet; how many by rule.

    After the first time only the days since the newest finding of a rule, and a week before it, are looked at;
    `everything` looks at all. What somebody has taken back (value false) is not flagged again. Safe to run twice.
    """
    since = None if everything else _since()
    with open_snapshot(tables=("interactions",)) as (snapshot, runner):
        found = find_machines(snapshot, now=now, runner=runner, since=since)
    known = _flagged([one.interaction_id for one in found])
    new = [one for one in found if one.interaction_id not in known]
    drafts = [_draft(one, now) for one in new]
    write("interaction_flags", drafts, source=SOURCE, by=SOURCE, at=now)
    return {rule: sum(one.rule == rule for one in new) for rule in sorted({one.rule for one in new})}


def _draft(one: MachineMade, now: datetime) -> dict[str, object]:
    return {
        "external_id": one.interaction_id,
        "interaction_id": one.interaction_id,
        "flag": "bot",
        "value": True,
        "by": one.evidence[:255],
        "created_at": now,
        "recorded_at": now,
    }


def _since() -> datetime | None:
    newest = InteractionFlag.objects.filter(source=SOURCE).order_by("-recorded_at").first()
    return newest.recorded_at - _OVERLAP if newest is not None else None


def _flagged(ids: list[str]) -> set[str]:
    """Those with any finding about being a bot, a taken-back one too."""
    found: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = InteractionFlag.objects.filter(flag="bot", interaction_id__in=ids[start : start + _AT_ONCE])
        found |= set(some.values_list("interaction_id", flat=True))
    return found
