"""What tells a segment from the rest: who they are and what they do, the largest difference first, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.crm.conditions.words import field_words
from rapport.engine.crm.tables import BY_ENTITY
from rapport.engine.errors import MissingTable
from rapport.engine.metrics.segments.behaviour import behaviour
from rapport.engine.metrics.segments.naming import figure, label, words_of
from rapport.engine.runner import Runner
from rapport.engine.statistics.differences import Difference, Numbers, Shares, differences

MOST_EACH = 20_000  # members, and others, that are compared; more would tell the same
_MOST_VALUES, _RAREST = 12, 0.01
_EVEN = {"tenure"}
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "contact": (
        *("contact.country", "contact.language", "contact.lifecycle_stage", "contact.lead_source", "contact.seniority"),
        *("account.industry", "account.country", "account.type", "account.employees", "account.annual_revenue"),
    ),
    "account": (
        *("account.industry", "account.country", "account.region", "account.type", "account.employees"),
        "account.annual_revenue",
    ),
    "deal": (
        *("deal.stage", "deal.type", "deal.pipeline", "deal.amount", "account.industry", "account.country"),
        "account.employees",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """One difference for people.

    Attributes:
        words: a sentence. heading: the attribute. here, elsewhere, apart: figures as text; apart with its interval.
        by_rule: the segment's own rules name the attribute, so that it had to differ.
    """

    found: Difference
    heading: str
    here: str
    elsewhere: str
    apart: str
    words: str
    by_rule: bool


@dataclass(frozen=True, kw_only=True)
class Distinguished:
    """Attributes: told, the largest effect first; looked_at, how many attributes and values; members and others, how
    many were compared."""

    told: tuple[Told, ...]
    looked_at: int
    members: int
    others: int


def distinguishing(
    member_ids: Sequence[str],
    view: AsOf,
    *,
    subject: str,
    runner: Runner,
    ruled: Sequence[str] = (),
    seed: int = 0,
) -> Distinguished:
    """What differs between members and all others as of the view, beyond chance after all that was looked at.

    Parameters: ruled, fields that the segment's rules name.
    """
    fields = [f for f in ATTRIBUTES[subject] if view.has(BY_ENTITY[f.partition(".")[0]].name)]
    frame = subject_frame(view, subject, fields, needed_by="what distinguishes a segment")
    facts = runner.to_arrow(frame.rows.select("subject_id", **{f: frame.rows[c] for f, c in frame.columns.items()}))
    ids = np.asarray(facts["subject_id"].to_pylist(), dtype=object)
    wanted = frozenset(member_ids)
    inside = np.fromiter((one in wanted for one in ids), dtype=bool, count=len(ids))
    kept = _kept(ids, inside, seed)
    facts, inside = facts.take(pa.array(kept)), inside[kept]
    compared = [*_of_facts(facts, fields, inside), *_of_deeds(ids[kept], inside, view, subject, runner)]
    found = differences(compared)
    return Distinguished(
        told=tuple(told_of(one, currency=view.snapshot.currency, ruled=ruled) for one in found),
        looked_at=len(compared),
        members=int(inside.sum()),
        others=int((~inside).sum()),
    )


def told_of(one: Difference, *, currency: str, ruled: Sequence[str] = ()) -> Told:
    """A difference as people read it."""
    is_deed = "." not in one.attribute
    unit = "share" if one.is_share or ":" in one.attribute else _unit(one.attribute)
    heading = label(one.attribute) if is_deed else field_words(one.attribute)
    if one.is_share:
        heading = f"{heading}: {one.level}"
    here, elsewhere = figure(one.here, unit, currency), figure(one.elsewhere, unit, currency)
    low, high = figure(one.lower, unit, currency), figure(one.upper, unit, currency)
    apart = f"{_signed(figure(one.difference, unit, currency))} ({low} to {high})"
    how = "more often" if one.is_share else "higher"
    if one.difference < 0:
        how = "less often" if one.is_share else "lower"
    size = "much" if abs(one.effect) >= 0.8 else "clearly" if abs(one.effect) >= 0.5 else "somewhat"
    heading = f"{heading[0].upper()}{heading[1:]}"
    return Told(
        found=one,
        heading=heading,
        here=here,
        elsewhere=elsewhere,
        apart=apart,
        words=f"{heading}: {size} {how} ({here} against {elsewhere} of the others).",
        by_rule=one.attribute in ruled,
    )


def _kept(ids: np.ndarray, inside: np.ndarray, seed: int) -> np.ndarray:
    """Positions of those compared, by id: all, or as many as are needed, drawn the same way each time."""
    draw = np.random.default_rng(seed)
    order = np.argsort(ids)
    parts = [order[inside[order]], order[~inside[order]]]
    picked = [p if len(p) <= MOST_EACH else np.sort(draw.choice(p, MOST_EACH, replace=False)) for p in parts]
    return np.concatenate(picked).astype(np.int64)


def _of_facts(facts: pa.Table, fields: Sequence[str], inside: np.ndarray) -> Iterator[Shares | Numbers]:
    for name in fields:
        column = facts[name]
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            yield from _shares(name, column.to_pylist(), inside)
        else:
            values = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
            yield _numbers(name, values, inside, is_skewed=True)


def _of_deeds(
    ids: np.ndarray, inside: np.ndarray, view: AsOf, subject: str, runner: Runner
) -> Iterator[Shares | Numbers]:
    """What they did in the year; who did nothing has no figures, and is told by the share of the active."""
    if subject == "deal":
        return
    try:
        found = behaviour(view, subject=subject, runner=runner)
    except MissingTable:
        return
    if not found.names:
        return
    wanted = runner.from_arrow(pa.table({"subject_id": pa.array(ids.tolist(), pa.string())}))
    rows = runner.to_arrow(found.rows.semi_join(wanted, "subject_id"))
    place = {subject_id: i for i, subject_id in enumerate(rows["subject_id"].to_pylist())}
    at = np.asarray([place.get(i, -1) for i in ids], dtype=np.int64)
    active = at >= 0
    yield _share("active", "in the last year", active, np.ones(len(ids), dtype=bool), inside)
    for name in found.names:
        column = rows[name].to_numpy(zero_copy_only=False).astype(np.float64)
        values = np.full(len(ids), np.nan)
        values[active] = column[at[active]]
        yield _numbers(name, values, inside, is_skewed=":" not in name and name not in _EVEN)


def _shares(name: str, values: Sequence[str | None], inside: np.ndarray) -> Iterator[Shares]:
    """One per frequent value, among those whose value is known."""
    known = np.asarray([v is not None for v in values])
    counted = Counter(v for v in values if v is not None)
    for value, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_VALUES]:
        if count >= _RAREST * known.sum() and len(counted) > 1:
            yield _share(name, value, np.asarray([v == value for v in values]), known, inside)


def _share(name: str, level: str, has: np.ndarray, known: np.ndarray, inside: np.ndarray) -> Shares:
    return Shares(
        attribute=name,
        level=level,
        here=int((has & known & inside).sum()),
        of_here=int((known & inside).sum()),
        elsewhere=int((has & known & ~inside).sum()),
        of_elsewhere=int((known & ~inside).sum()),
    )


def _numbers(name: str, values: np.ndarray, inside: np.ndarray, *, is_skewed: bool) -> Numbers:
    known = ~np.isnan(values)
    return Numbers(attribute=name, here=values[known & inside], elsewhere=values[known & ~inside], is_skewed=is_skewed)


def _unit(name: str) -> str:
    if "." in name:
        return "money" if name.endswith(("annual_revenue", "amount")) else ""
    return words_of(name).unit


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"
