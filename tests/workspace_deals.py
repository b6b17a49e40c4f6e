"""Deals of a year and a half in the workspace, as an import of a pipeline with its stage history leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from rapport.engine.forecasting.pipeline.book import Book, in_days, instant
from rapport.workspace.crm.records.changes import write
from simulated_deals import STAGES, START, simulated_deals


def write_deals(owners: Sequence[str | None], *, now: datetime, days: int = 300, a_day: float = 1.0) -> Book:
    """Writes what was known at `now` of simulated deals, and gives all of them, the future included."""
    shift = np.floor(in_days(now)) - days - START
    told = simulated_deals(11, a_day=a_day, days=days + 60, owners=len(owners))
    told = replace(
        told,
        created=told.created + shift,
        closed=told.closed + shift,
        visits=replace(told.visits, entered=told.visits.entered + shift, left=told.visits.left + shift),
        observed_from=START + shift,
        at=in_days(now),
    )
    known = told.until(in_days(now))
    deals = [_deal(known, i, owners) for i in range(len(known))]
    visits = [_visit(known, v) for v in range(len(known.visits.deal))]
    for table, rows in (("deals", deals), ("deal_stage_visits", visits)):
        done = write(table, rows, source="crm", by="crm", at=now)
        assert not done.refused, done.refused
    return told


def _deal(book: Book, i: int, owners: Sequence[str | None]) -> dict[str, Any]:
    began, is_open = instant(book.created[i]), bool(np.isnan(book.closed[i]))
    owner = owners[int(str(book.owner[i])[1:])]
    return {
        "id": f"sim-{i}",
        "name": f"Deal of {began:%-d %B} ({i})",
        "stage": STAGES[book.state[i]],
        "status": "open" if is_open else "won" if book.won[i] else "lost",
        "amount": Decimal(f"{book.amount[i]:.2f}"),
        "currency": "EUR",
        "closed_at": None if is_open else instant(book.closed[i]),
        "created_at": began,
        "recorded_at": began,
        "owner_id": owner,
        "forecast_category": ("commit", "best_case", "pipeline")[i % 3] if is_open else None,
    }


def _visit(book: Book, v: int) -> dict[str, Any]:
    visits = book.visits
    deal = visits.deal[v]
    left = visits.left[v] < (book.at if np.isnan(book.closed[deal]) else np.inf) - 1e-9
    entered = instant(visits.entered[v])
    return {
        "id": f"sim-{deal}-{visits.state[v]}",
        "deal_id": f"sim-{deal}",
        "stage": STAGES[visits.state[v]],
        "entered_at": entered,
        "left_at": instant(visits.left[v]) if left else None,
        "created_at": entered,
        "recorded_at": entered,
    }
