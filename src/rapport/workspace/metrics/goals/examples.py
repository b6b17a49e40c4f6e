"""Goals of the field, ready to take: offered where their metric has a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.cache import cache

from rapport.engine.errors import RapportError
from rapport.engine.metrics.goals import Direction
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.data_version import data_version, measured_tables
from rapport.workspace.metrics.goals.asking import today_of
from rapport.workspace.metrics.goals.models import Objective
from rapport.workspace.metrics.goals.writing import Draft
from rapport.workspace.metrics.models import Goal

_KEPT_S = 6 * 3600


@dataclass(frozen=True, kw_only=True)
class Example:
    """A goal as the field sets it. metrics: the first that has a value is taken."""

    key: str
    title: str
    objective: str
    heading: str
    metrics: tuple[str, ...]
    target: float
    why: str


EXAMPLES = (
    Example(
        key="lifetime-value",
        title="Lifetime value of 1,200 per customer",
        objective="Customers who are worth more",
        heading="Financial",
        metrics=("clv_predicted", "clv_historic", "clv_historic_revenue", "ltv_simple"),
        target=1200.0,
        why="What a customer brings in all decides what may be spent to win one.",
    ),
    Example(
        key="repeat-customers",
        title="30 % repeat customers in the year",
        objective="Customers who come back",
        heading="Customers",
        metrics=("repeat_customer_ratio_period", "repeat_customer_ratio"),
        target=0.3,
        why="A second purchase is the best sign of a third.",
    ),
    Example(
        key="key-customers",
        title="A quarter of key customers buy every month",
        objective="Customers who come back",
        heading="Customers",
        metrics=("key_customer_regular_share",),
        target=0.25,
        why="The most valuable tenth carries most of the revenue.",
    ),
    Example(
        key="opens",
        title="20 % of e-mails opened",
        objective="Messages that are wanted",
        heading="Processes",
        metrics=("email_open_rate",),
        target=0.2,
        why="Opened by people, not by machines.",
    ),
    Example(
        key="clicks",
        title="5 % of e-mails clicked",
        objective="Messages that are wanted",
        heading="Processes",
        metrics=("email_click_rate",),
        target=0.05,
        why="A click tells more than an open.",
    ),
    Example(
        key="valid-records",
        title="90 % valid records",
        objective="Data to rely on",
        heading="Learning and growth",
        metrics=("fully_valid_share", "fully_valid_records_share", "data_quality_valid_share", "data_quality_score"),
        target=0.9,
        why="Scores and metrics are as good as the records beneath them.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An example whose metric is known here, and its value over the last twelve months."""

    example: Example
    metric: str
    value: float

    @property
    def is_met(self) -> bool:
        """Whether the last twelve months are at the target already."""
        return self.value >= self.example.target


def offers(*, now: datetime) -> list[Offer]:
    """Those whose metric exists, has a value, and has no goal yet."""
    wanted = [m for example in EXAMPLES for m in example.metrics if m in METRICS]
    taken = set(Goal.objects.filter(deleted_at=None, due_at__gt=now).values_list("metric", flat=True))
    values = _values(list(dict.fromkeys(wanted)), now=now)
    return [offer for e in EXAMPLES if (offer := _offer(e, values)) and not taken.intersection(e.metrics)]


def _values(metrics: list[str], *, now: datetime) -> dict[str, float]:
    """Those that have a value over the last twelve months; measured once per day and state of the data."""
    key = f"goal-offers:{today_of(now).isoformat()}:{data_version()}"
    kept: dict[str, float] | None = cache.get(key)
    if kept is not None or not metrics:
        return kept or {}
    try:
        with open_snapshot(tables=measured_tables()) as (snapshot, runner):
            period = Period.last_days(365, until=today_of(now))
            told = measure(metrics, snapshot, period=period, as_of=now, runner=runner)
    except RapportError:
        return {}
    values = {v.metric: float(v.value) for v in told if v.value is not None}
    cache.set(key, values, _KEPT_S)
    return values


def _offer(example: Example, values: dict[str, float]) -> Offer | None:
    metric = next((m for m in example.metrics if m in values), None)
    return Offer(example=example, metric=metric, value=values[metric]) if metric else None


def draft_of(example: Example, metric: str, *, owner: str, now: datetime) -> Draft:
    """The example as a goal of this year, under its objective, which is made where there is none."""
    today = today_of(now)
    objective = Objective.objects.filter(title=example.objective).first() or Objective.objects.create(
        title=example.objective, heading=example.heading, position=Objective.objects.count()
    )
    return Draft(
        metric=metric,
        direction=Direction.AT_LEAST,
        first=date(today.year, 1, 1),
        last=date(today.year, 12, 31),
        target=example.target,
        title=example.title,
        objective=objective.pk,
        owner=owner,
    )


def example_of(key: str) -> Example | None:
    found: Sequence[Example] = [e for e in EXAMPLES if e.key == key]
    return found[0] if found else None
