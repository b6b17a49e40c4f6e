"""Metrics by day: what measuring a day says, kept part by part, anew where data came late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.crm.lake import open_snapshot, publish
from rapport.workspace.crm.records.changes import write
from rapport.workspace.metrics.exports import days
from rapport.workspace.metrics.exports.days import any_day_metrics, keep_days, newest_day_metrics
from rapport.workspace.metrics.exports.models import MetricDay
from rapport.workspace.metrics.tasks import keep_metric_days

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
MEASURED = ("revenue", "orders", "average_basket_value")


@pytest.fixture(autouse=True)
def _few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    monkeypatch.setattr(days, "any_day_metrics", lambda: MEASURED)
    monkeypatch.setattr(days, "newest_day_metrics", lambda: ("active_customers",))
    settings.BASE_CURRENCY = "EUR"
    settings.REPORTING_TIME_ZONE = "Europe/Stockholm"


def _sold(name: str, at: datetime, amount: str) -> None:
    person = {"id": name, "first_name": name, "created_at": at, "recorded_at": at}
    write("contacts", [person], source="shop", by="shop", at=at)
    order = {"id": f"{name}-order", "contact_id": name, "ordered_at": at, "recorded_at": at, "created_at": at}
    order |= {"amount": Decimal(amount), "currency": "EUR", "channel": "web", "status": "paid"}
    assert not write("orders", [order], source="shop", by="shop", at=at).refused
    publish()


def _kept(metric: str) -> dict[date, float | None]:
    return dict(MetricDay.objects.filter(metric=metric).values_list("day", "value"))


def test_a_day_is_what_measuring_it_says_in_the_companys_zone() -> None:
    _sold("kim", datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "100.1234")  # the 29th in Stockholm, when clocks change
    _sold("lee", datetime(2026, 3, 30, 12, tzinfo=UTC), "60")
    assert keep_days(now=NOW, days=400) == 2
    assert _kept("revenue") == {date(2026, 3, 29): 100.1234, date(2026, 3, 30): 60.0}
    assert _kept("orders") == {date(2026, 3, 29): 1.0, date(2026, 3, 30): 1.0}
    with open_snapshot() as (snapshot, runner):
        for row in MetricDay.objects.filter(metric__in=MEASURED):
            (value,) = measure([row.metric], snapshot, period=Period.day(row.day), as_of=NOW, runner=runner)
            assert (row.value, row.n, row.coverage) == (float(value.value or 0), value.n, value.coverage)
    assert MetricDay.objects.get(metric="revenue", day=date(2026, 3, 29)).amount == Decimal("100.1234")
    assert MetricDay.objects.get(metric="orders", day=date(2026, 3, 29)).amount is None


def test_an_unknown_value_is_null_and_says_why() -> None:
    _sold("kim", NOW - timedelta(days=5), "100")
    _sold("lee", NOW - timedelta(days=2), "60")
    keep_days(now=NOW, days=400)
    quiet_day = MetricDay.objects.get(metric="average_basket_value", day=date(2026, 3, 27))
    assert (quiet_day.value, quiet_day.n) == (None, 0)
    assert quiet_day.reason


def test_what_came_late_is_told_the_next_night() -> None:
    _sold("kim", NOW - timedelta(days=5), "100")
    keep_days(now=NOW, days=400)
    _sold("lee", NOW - timedelta(days=3), "60")
    keep_days(now=NOW + timedelta(days=1), days=400)
    assert _kept("revenue")[date(2026, 3, 28)] == 60.0
    assert MetricDay.objects.filter(metric="revenue").count() == 6


def test_days_that_are_there_are_not_measured_again_until_they_are_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "RECENT", 3)
    monkeypatch.setattr(days, "NEWEST", 2)
    _sold("kim", NOW - timedelta(days=20), "100")
    assert keep_days(now=NOW, days=10) == 10
    assert keep_days(now=NOW, days=10) == 3
    assert keep_days(now=NOW, days=20) == 3 + 10
    assert min(_kept("revenue")) == date(2026, 3, 11)
    assert keep_days(now=NOW + timedelta(days=31), days=400) == 3 + 28 + 20  # recent, missing, stale


def test_a_run_that_broke_off_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "RECENT", 3)
    monkeypatch.setattr(days, "NEWEST", 2)
    monkeypatch.setattr(days, "_AT_ONCE", 5)
    _sold("kim", NOW - timedelta(days=20), "100")
    seen = []

    def watching(done: int, total: int | None, message: str) -> None:
        seen.append(message)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep_days(now=NOW, days=400, progress=watching)
    assert len(_kept("revenue")) == 3 + 2
    assert keep_days(now=NOW, days=400) == 3 + 15
    assert len(_kept("revenue")) == 20


def test_every_night_only_where_somebody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Quiet:
        def report(self, done: int, total: int | None, message: str) -> None: ...

    assert keep_metric_days(Quiet()) == {"days": 0}  # type: ignore[arg-type]


def test_a_metric_is_told_by_day_once_unless_a_model_makes_it() -> None:
    any_day, newest = set(any_day_metrics()), set(newest_day_metrics())
    assert not any_day & newest
    assert any_day | newest < set(METRICS)
