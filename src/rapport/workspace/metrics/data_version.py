"""Which published data metrics read, and which state of them figures were made from."""

from __future__ import annotations

import hashlib
import json

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.lake.models import LakeBatch
from rapport.workspace.scores.models import ScoreDefinition, State

_RECORDS = tuple(name for name, table in TABLES.items() if table.room not in ("scores", "actions"))
_ACTIONS = ("action_assignments",)
_CHANCES = ("score_definitions", "score_values")


def measured_tables() -> tuple[str, ...]:
    """The tables that metrics read. Values of scores, which are many, only where deals have a score: then the pipeline
    is weighted by its chances."""
    of_deals = ScoreDefinition.objects.filter(subject="deal", state=State.PUBLISHED).exists()
    return (*_RECORDS, *_ACTIONS, *(_CHANCES if of_deals else ()))


def data_version() -> str:
    """What has been published of the records that metrics read; changes with every batch of them.

    Scores do not count: they change many times a day, and figures would never stay.
    """
    batches = LakeBatch.objects.filter(table__in=_RECORDS).order_by("table").values_list("table", "batch")
    return hashlib.sha256(json.dumps(list(batches)).encode()).hexdigest()
