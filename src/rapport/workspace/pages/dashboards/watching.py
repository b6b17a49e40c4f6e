"""What stands out, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.metrics.boards.explaining import Explanation
from rapport.workspace.metrics.boards.watching import Watched
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.names import names_of
from rapport.workspace.pages.dashboards.asking import query_of, with_filter
from rapport.workspace.pages.dashboards.units import in_short
from rapport.workspace.pages.frame.wording import percent, plain


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A metric outside its expected range. is_good: null where neither direction is better; query: its month."""

    sentence: str
    is_above: bool
    is_good: bool | None
    query: str
    month: str
    seasonal: bool


def alarm(spec: Metric, seen: Watched, asked: Asked) -> Alarm | None:
    """ "October 2026: 1,240, above the expected 900 to 1,100." None where the value lies within the range."""
    outlook = seen.outlook
    if not outlook.stands_out:
        return None
    when = "Now" if seen.is_now else f"{seen.month.start:%B %Y}"
    side = "above" if outlook.is_above else "below"
    signed = spec.unit in (Unit.RATE, Unit.POINTS)  # elsewhere nobody expects less than nothing
    lower = outlook.lower if signed or not outlook.is_above else max(outlook.lower, 0.0)
    between = f"{in_short(spec, lower)} to {in_short(spec, outlook.upper)}"
    month = Asked(period=f"{seen.month.start}..{last_day(seen)}", comparison=asked.comparison, filters=asked.filters)
    return Alarm(
        sentence=f"{when}: {in_short(spec, outlook.value)}, {side} the expected {between}.",
        is_above=outlook.is_above,
        is_good=None if spec.higher_is_better is None else spec.higher_is_better is outlook.is_above,
        query=query_of(month),
        month=seen.month.start.isoformat(),
        seasonal=outlook.seasonal,
    )


def last_day(seen: Watched) -> str:
    return seen.month.label.split(" to ")[-1]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Which part explains most of it. query: the metric's page of that part and month."""

    sentence: str
    query: str


def reason(spec: Metric, told: Explanation, asked: Asked) -> Reason:
    """ "Mostly channel web: 82 % of the difference to the six months before." """
    part = told.contribution.part
    dimension = plain(told.dimension).lower()
    which = f"{dimension} {names_of(told.dimension, [part])[part]}" if part else f"without {dimension}"
    share = percent(round(told.contribution.share, 2))
    before = f"{told.before.start:%B %Y}" if told.before.days <= 31 else "the six months before"
    how = ""
    if told.contribution.by_rate is not None and told.contribution.by_mix is not None:
        own = abs(told.contribution.by_rate) >= abs(told.contribution.by_mix)
        how = ", by its own rate" if own else ", by its weight in the mix"
    query = with_filter(asked, told.dimension, part) if part else f"{query_of(asked)}&by={told.dimension}"
    sentence = f"Mostly {which}: {share} of the difference to {before}{how}."
    return Reason(sentence=sentence, query=query)
