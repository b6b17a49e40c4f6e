"""What a reader asks of a dashboard or a metric, from the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from rapport.engine.errors import DefinitionError
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.names import names_of
from rapport.workspace.metrics.periods import COMPARISONS, DEFAULT_COMPARISON, DEFAULT_PERIOD, PERIODS, Chosen

_FILTER = "f."


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A dimension's value that is kept; `without` is the address's query without it."""

    dimension: str
    value: str
    name: str
    without: str


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The question, and what its controls show. problem: a sentence where the address asks for no period."""

    asked: Asked
    picked: Chosen
    filters: tuple[Filter, ...]
    query: str
    problem: str
    first: str
    last: str

    periods = tuple((name, label) for name, (label, _) in PERIODS.items())
    comparisons = tuple(COMPARISONS.items())


def asking(request: HttpRequest, *, now: datetime) -> Asking:
    """The question in the page's address."""
    return asked_in(request.GET, now=now)


def asked_in(query: QueryDict, *, now: datetime) -> Asking:
    """The question in `period`, `compare` and `f.<dimension>`; a wrong one falls back, and says so."""
    filters = {k.removeprefix(_FILTER): str(v) for k, v in query.items() if k.startswith(_FILTER) and v}
    period, problem = _period(query), ""
    comparison = query.get("compare", DEFAULT_COMPARISON)
    asked = Asked(
        period=period, comparison=comparison if comparison in COMPARISONS else DEFAULT_COMPARISON, filters=filters
    )
    try:
        picked = asked.picked(now)
    except DefinitionError as error:
        problem = error.sentence
        asked = Asked(comparison=asked.comparison, filters=filters)
        picked = asked.picked(now)
    return Asking(
        asked=asked,
        picked=picked,
        filters=tuple(_filter(asked, d, v) for d, v in filters.items()),
        query=query_of(asked),
        problem=problem,
        first=picked.period.start.isoformat(),
        last=picked.last.isoformat(),
    )


def query_of(asked: Asked, **changed: str) -> str:
    """The address's query for a question."""
    pairs = {"period": asked.period, "compare": asked.comparison}
    pairs |= {f"{_FILTER}{dimension}": value for dimension, value in asked.filters.items()}
    return urlencode({**pairs, **changed})


def with_filter(asked: Asked, dimension: str, value: str) -> str:
    """The same question, of one value of a dimension."""
    return query_of(asked, **{f"{_FILTER}{dimension}": value})


def _period(query: QueryDict) -> str:
    """A named one, or the days of the two date fields."""
    first, last = query.get("first", ""), query.get("last", "")
    name = query.get("period", DEFAULT_PERIOD)
    return f"{first}..{last}" if name == "custom" and first and last else name if name != "custom" else DEFAULT_PERIOD


def _filter(asked: Asked, dimension: str, value: str) -> Filter:
    rest = {d: v for d, v in asked.filters.items() if d != dimension}
    return Filter(
        dimension=dimension,
        value=value,
        name=names_of(dimension, [value])[value],
        without=query_of(Asked(period=asked.period, comparison=asked.comparison, filters=rest)),
    )
