"""A feature's lines as criteria of a points score, in the grammar that people write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from math import floor
from typing import Any

from rapport.engine.crm.conditions.fields import Nature, subject_field
from rapport.engine.scores.features.fields import EMAIL_DOMAIN, FREE_MAIL
from rapport.engine.scores.features.terms import Feature, Term
from rapport.engine.statistics.card import CardBin, CardFeature

Written = dict[str, Any]  # a criterion as a document

_DERIVED = {
    ("orders", "placed"): "order_placed",
    ("deals", "won"): "deal_won",
    ("deals", "lost"): "deal_lost",
    ("contracts", "ended"): "contract_ended",
    ("campaigns", "responded"): "campaign_response",
}
_DETAIL = {
    "page_view": "url_path",
    "form_submit": "properties.form",
    "call": "outcome",
    "meeting": "outcome",
}
_PLACES = 6
_LONGEST_NAME = 120


def expressible(feature: Feature, *, subject: str) -> bool:
    """Whether criteria can say what the feature says: fields, and counts and days of the subject's own events."""
    term = feature.term
    if term is None:
        return True
    known = _event(term) is not None and term.measure in ("count", "days") and term.of is None
    return known and not (subject == "deal" and term.table not in ("events", "deals"))


def criteria_of(line: CardFeature, feature: Feature, *, subject: str) -> list[Written]:
    """The criteria that give a card's points for one feature; lines of 0 points need none."""
    term = feature.term
    if term is not None:
        return _of_days(line, feature, term) if term.measure == "days" else _of_count(line, feature, term)
    if not line.numeric:
        return list(_of_category(line, feature))
    nature = subject_field(feature.name, subject=subject).nature
    dated = nature in (Nature.DATE, Nature.INSTANT)
    return [_when(feature, one, _range(feature.name, one, dated=dated)) for one in line.bins if one.points]


def _when(feature: Feature, one: CardBin, condition: Written) -> Written:
    return {"name": named(f"{feature.words}: {one.label}"), "points": Decimal(one.points), "when": condition}


def named(text: str) -> str:
    """A criterion's name, at most as long as one may be."""
    started = text[:1].upper() + text[1:]
    return started if len(started) <= _LONGEST_NAME else started[: _LONGEST_NAME - 1] + "…"


def _range(path: str, one: CardBin, *, dated: bool) -> Written:
    if one.unknown:
        return {"field": path, "present": False}
    tests: list[Written] = []
    if one.above is not None:
        test = {"older_than_days": floor(one.above) + 1} if dated else {"above": _decimal(one.above)}
        tests.append({"field": path, **test})
    if one.up_to is not None and dated:
        tests.append({"not": {"field": path, "older_than_days": floor(one.up_to) + 1}})
    elif one.up_to is not None:
        tests.append({"field": path, "at_most": _decimal(one.up_to)})
    if not tests:
        return {"field": path, "present": True}
    return tests[0] if len(tests) == 1 else {"all": tests}


def _of_category(line: CardFeature, feature: Feature) -> Iterator[Written]:
    known = [one for one in line.bins if not one.unknown]
    for one in line.bins:
        if one.unknown and one.points:
            yield _when(feature, one, {"field": feature.name, "present": False})
    if feature.name == EMAIL_DOMAIN:
        yield from _of_domain(known, feature)
        return
    other = Decimal(next((one.points for one in known if one.other), 0))
    given = {text: Decimal(one.points) for one in known for text in one.categories if Decimal(one.points) != other}
    if given:
        points: Written = {"value": feature.name, "map": given}
        yield {"name": named(feature.words), "points": {**points, **({"otherwise": other} if other else {})}}


def _of_domain(known: list[CardBin], feature: Feature) -> Iterator[Written]:
    """Free mail is a list, not a text."""
    free: Written = {"field": feature.name, "in_list": "free_mail"}
    for one in known:
        for text in one.categories:
            if one.points:
                condition = free if text == FREE_MAIL else {"not": free}
                yield {"name": named(f"email: {text}"), "points": Decimal(one.points), "when": condition}


def _of_count(line: CardFeature, feature: Feature, term: Term) -> list[Written]:
    ranges = []
    for one in line.bins:
        low = 0 if one.above is None else max(0, floor(one.above) + 1)
        high = None if one.up_to is None else floor(one.up_to)
        if one.points and not one.unknown and (high is None or high >= low):
            ranges.append([low, high, Decimal(one.points)])
    return [_counted(feature.words, _match(term, term.window), ranges)] if ranges else []


def _of_days(line: CardFeature, feature: Feature, term: Term) -> list[Written]:
    """Points by how long ago the last one was, as sums of shares: each window gives what it adds to the next wider.

    Up to 7 days 10 points and before that 4: 6 for one in the last 8 local days, and 4 for one ever.
    """
    known = [one for one in line.bins if not one.unknown]
    never = next((one.points for one in line.bins if one.unknown), 0)
    found = []
    for one, wider in pairwise(known):
        if one.up_to is not None and one.points != wider.points:
            match = _match(term, floor(one.up_to) + 1)
            found.append(
                _counted(f"{feature.words}: {one.label}", match, [[1, None, Decimal(one.points - wider.points)]])
            )
    ranges = [[0, 0, Decimal(never)]] if never else []
    ranges += [[1, None, Decimal(known[-1].points)]] if known and known[-1].points else []
    return [*found, _counted(feature.words, _match(term, None), ranges)] if ranges else found


def _counted(words: str, match: Written, ranges: list[list[Any]]) -> Written:
    return {"name": named(words), "points": {"count": match, "ranges": ranges}}


def _match(term: Term, days: int | None) -> Written:
    match = dict(_event(term) or {})
    return {**match, "within_days": days} if days is not None else match


def _event(term: Term) -> Mapping[str, Any] | None:
    """What is looked for; None where no event says it."""
    if term.table != "events":
        derived = _DERIVED.get((term.table, term.what))
        return None if derived is None else {"event": derived}
    if term.what.startswith("="):
        inbound: Written = {"event": "any", "where": {"field": "direction", "is": "inbound"}}
        return inbound if term.what == "=inbound" else None
    kind, bracket, detail = term.what.partition("[")
    if not bracket:
        return {"event": kind}
    field = _DETAIL.get(kind)
    return None if field is None else {"event": kind, "where": {"field": field, "is": detail.removesuffix("]")}}


def _decimal(value: float) -> Decimal:
    return Decimal(repr(round(value, _PLACES)))
