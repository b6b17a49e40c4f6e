"""What is in the workspace: rows by table and source, how far the lake is, what was imported and what works now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count, Max

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.lake.models import LakeBatch, LakeState
from rapport.workspace.crm.records.table_models import model_of

SHOWN = ("contacts", "accounts", "deals", "interactions", "orders", "campaigns", "campaign_members", "cases")
_MORE = ("contracts", "products", "order_lines", "survey_answers", "users", "teams")
_REMEMBERED_S = 120
_WAITING_CAP = 10_000


@dataclass(frozen=True, kw_only=True)
class TableOfSource:
    """Rows of one table from one source. newest: when this system last stored one."""

    table: str
    count: int
    newest: datetime | None


@dataclass(frozen=True, kw_only=True)
class SourceOfRows:
    """One source. name: empty for what was made here."""

    name: str
    tables: Sequence[TableOfSource]

    @property
    def count(self) -> int:
        return sum(table.count for table in self.tables)

    @property
    def newest(self) -> datetime | None:
        return max((table.newest for table in self.tables if table.newest), default=None)


@dataclass(frozen=True, kw_only=True)
class LakeFreshness:
    """made_at: None before the first publishing. waiting: rows not yet published, counted to 10,000 per table."""

    made_at: datetime | None
    batches: int
    tables: int
    waiting: int
    capped: bool


def sources() -> list[SourceOfRows]:
    """Every source with rows, the largest first; counted at most every two minutes."""
    return cache.get_or_set("data.sources", _counted, _REMEMBERED_S) or []


def _counted() -> list[SourceOfRows]:
    found: dict[str, list[TableOfSource]] = {}
    for table in (*SHOWN, *_MORE):
        rows = model_of(table)._default_manager.filter(deleted_at=None).order_by().values_list("source")
        for source, count, newest in rows.annotate(count=Count("pk"), newest=Max("ingested_at")):
            found.setdefault(source, []).append(TableOfSource(table=table, count=count, newest=newest))
    return sorted(
        (SourceOfRows(name=name, tables=tables) for name, tables in found.items()), key=lambda source: -source.count
    )


def freshness() -> LakeFreshness:
    """How much of the database is in the lake."""
    state = LakeState.objects.first()
    batches = list(LakeBatch.objects.filter(batch__gt=0).values_list("batch", flat=True))
    waiting, capped = 0, False
    for table in TABLES:
        rows = model_of(table)._default_manager.filter(batch=None).order_by().values("pk")[: _WAITING_CAP + 1].count()
        capped = capped or rows > _WAITING_CAP
        waiting += min(rows, _WAITING_CAP)
    return LakeFreshness(
        made_at=state.made_at if state else None,
        batches=sum(batches),
        tables=len(batches),
        waiting=waiting,
        capped=capped,
    )
