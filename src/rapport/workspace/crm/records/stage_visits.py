"""The stays of deals in stages, kept whenever a deal's stage is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.records.history import Dating, Entry, entries_of, write_entries
from rapport.workspace.crm.records.steps import Step, Verdict
from rapport.workspace.crm.sales.models import DealStageVisit
from rapport.workspace.lib import bulk
from rapport.workspace.lib.ids import new_ids

_COLUMNS = ("id", "created_at", "recorded_at", "recorded_at_assumed", "deal_id", "stage", "entered_at", "amount")


def keep_stage_visits(found: Sequence[Step], entries: Sequence[Entry], *, by: str, dating: Dating) -> None:
    """End the stay that a deal's new stage ends and begin the new one, both when the stage's entry is valid from."""
    moved = {entry.entity_id: entry.valid_from for entry in entries if entry.attribute == "stage"}
    if not moved:
        return
    _end_open_visits([s.id for s in found if s.verdict is Verdict.UPDATED and s.id in moved], moved, by, dating)
    begun = [step for step in found if step.id in moved and step.values.get("stage")]
    rows = [
        (
            *(visit_id, None, moved[step.id], True, step.id, step.values["stage"], moved[step.id]),
            step.values["amount"] if "amount" in step.values else step.current.get("amount"),
        )
        for visit_id, step in zip(new_ids(len(begun)), begun, strict=True)
    ]
    bulk.insert(DealStageVisit, _COLUMNS, rows)


def _end_open_visits(deal_ids: Sequence[str], moved: Mapping[str, datetime], by: str, dating: Dating) -> None:
    if not deal_ids:
        return
    table = TABLES["deal_stage_visits"]
    standing = DealStageVisit.objects.filter(deal_id__in=deal_ids, left_at__isnull=True, deleted_at__isnull=True)
    ended = [
        Step(
            position, Verdict.UPDATED, id=visit_id, values={"left_at": max(moved[deal_id], entered_at)},
            old={"left_at": None}, current={},
        )
        for position, (visit_id, deal_id, entered_at) in enumerate(
            standing.values_list("id", "deal_id", "entered_at")
        )
    ]  # fmt: skip
    bulk.update(DealStageVisit, [(step.id, step.values) for step in ended])
    write_entries(table, entries_of(table, ended, dating), by=by)


def replace_kept_visits(deal_ids: Iterable[str], *, by: str, dating: Dating) -> list[Step]:
    """Delete the stays kept here for deals whose source now tells its own. Returns: what was deleted, as steps."""
    kept = DealStageVisit.objects.filter(
        deal_id__in=list(deal_ids), source="", external_id__isnull=True, deleted_at__isnull=True
    )
    gone = [
        Step(position, Verdict.UPDATED, id=visit_id, values={"deleted_at": dating.at}, old={"deleted_at": None})
        for position, visit_id in enumerate(kept.values_list("id", flat=True))
    ]
    bulk.update(DealStageVisit, [(step.id, step.values) for step in gone])
    write_entries(TABLES["deal_stage_visits"], entries_of(TABLES["deal_stage_visits"], gone, dating), by=by)
    return gone
