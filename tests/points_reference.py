"""Points scores computed row by row in plain Python, from the written meaning alone, to compare with.

Nothing here is shared with the engine but the parsed definition. Tables are lists of dictionaries;
there is no attribute history and there are no merges: a row's own values hold from `recorded_at` on.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

WIDE = Context(prec=60)
LISTS = Path(__file__).parents[1] / "src/rapport/engine/crm/conditions/lists"
PLURAL = {"contact": "contacts", "account": "accounts", "deal": "deals", "case": "cases", "order": "orders"}
HAPPENED = {
    "deal_won": ("deals", "closed_at", lambda r: r.get("status") == "won"),
    "deal_lost": ("deals", "closed_at", lambda r: r.get("status") == "lost"),
    "order_placed": ("orders", "ordered_at", lambda r: r.get("status") != "cancelled"),
    "campaign_response": ("campaign_members", "responded_at", lambda r: True),
    "contract_ended": ("contracts", "ended_at", lambda r: True),
}
OCCURRED = {
    "interactions": "occurred_at",
    "orders": "ordered_at",
    "contracts": "started_at",
    "campaign_members": "added_at",
    "cases": "opened_at",
}


class Reference:
    """A definition over tables at an instant."""

    def __init__(self, definition: Any, tables: Tables, as_of: datetime, zone: str) -> None:
        self.definition, self.as_of, self.zone = definition, as_of, ZoneInfo(zone)
        self.tables = {name: [r for r in rows if self.stood(name, r)] for name, rows in tables.items()}
        self.today = self.day(as_of)
        self.by_id = {name: {r["id"]: r for r in rows} for name, rows in self.tables.items()}
        flags = self.tables.get("interaction_flags", ())
        newest: dict[tuple[str, str], Row] = {}
        for flag in sorted(flags, key=lambda r: r["recorded_at"]):
            newest[flag["interaction_id"], flag["flag"]] = flag
        self.bots = {i for (i, _), flag in newest.items() if flag["value"]}

    def stood(self, table: str, row: Row) -> bool:
        known = row.get("recorded_at") or row.get(OCCURRED.get(table, "created_at")) or self.as_of
        happened = row.get(OCCURRED.get(table, "created_at")) or self.as_of
        return known <= self.as_of and happened <= self.as_of

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def scores(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: self.score(row) for row in self.tables[PLURAL[self.definition.subject]]}

    def score(self, subject: Row) -> dict[str, Any]:
        given: dict[str, int] = {}
        groups: dict[str, int] = {}
        for name, group in self.definition.groups.items():
            for criterion in group.criteria:
                micro = self.criterion(criterion, group, subject)
                given[criterion.name] = limited(micro, criterion.limit)
            groups[name] = limited(sum(given[c.name] for c in group.criteria), group.limit)
        subtotal = {}
        for kind in ("fit", "engagement"):
            total = sum(groups[n] for n, g in self.definition.groups.items() if g.type == kind)
            subtotal[kind] = limited(total, getattr(self.definition.limits, kind))
        total = limited(sum(subtotal.values()), self.definition.limits.total)
        return {"micro": limited(total, self.definition.range), **subtotal, "criteria": given}

    def criterion(self, criterion: Any, group: Any, subject: Row) -> int:
        if criterion.when is not None and self.truth(criterion.when, subject) is not True:
            return 0
        points = criterion.points
        if hasattr(points, "map"):
            return self.mapped(points, subject)
        if hasattr(points, "count"):
            number = len(self.occurrences(points.count, subject))
            return next((scaled(p) for lo, hi, p in points.ranges if lo <= number and (hi is None or number <= hi)), 0)
        decay = criterion.decay or group.decay
        if criterion.per is not None:
            days = sorted(self.occurrences(criterion.per, subject), reverse=True)  # ages, the oldest first
            return sum(rounded(points, decay, age) for age in self.capped(days, criterion.at_most))
        if criterion.once is not None:
            ages = self.occurrences(criterion.once, subject)
            return rounded(points, decay, min(ages)) if ages else 0
        return scaled(points)

    def capped(self, ages: Sequence[int], at_most: Any) -> list[int]:
        if at_most is None:
            return list(ages)
        left: dict[Any, int] = defaultdict(lambda: at_most.times)
        kept = []
        for age in ages:
            day = self.today - timedelta(days=age)
            window = (
                day.isocalendar()[:2] if at_most.per_days == 7 else (day - date(1970, 1, 1)).days // at_most.per_days
            )
            if left[window] > 0:
                left[window] -= 1
                kept.append(age)
        return kept

    def mapped(self, points: Any, subject: Row) -> int:
        value = self.field(points.value, subject)
        if value is None:
            return 0
        for written, number in points.map.items():
            if fold(str(value)) == fold(written) if isinstance(value, str) else Decimal(str(value)) == Decimal(written):
                return scaled(number)
        return scaled(points.otherwise)

    def occurrences(self, match: Any, subject: Row) -> list[int]:
        """Ages in local days of the subject's occurrences within the match's days, since it began anew."""
        restarted = self.restarted(subject)
        instants = [at for at in self.instants(match, subject) if restarted is None or at > restarted]
        ages = [(self.today - self.day(at)).days for at in instants]
        return [age for age in ages if match.within_days is None or age < match.within_days]

    def restarted(self, subject: Row) -> datetime | None:
        restart = self.definition.restart
        return max(self.instants(restart, subject), default=None) if restart else None

    def instants(self, match: Any, subject: Row) -> list[datetime]:
        found = []
        for row, at in self.happenings(match.event):
            if self.belongs(row, match.event, subject) and at is not None and at <= self.as_of:
                read = lambda field, row=row: plain_field(row, field)  # noqa: E731
                if match.where is None or self.logic(match.where, read, subject) is True:
                    found.append(at)
        return found

    def happenings(self, event: str) -> list[tuple[Row, datetime | None]]:
        if event in HAPPENED:
            table, column, kept = HAPPENED[event]
            return [(r, r.get(column)) for r in self.tables.get(table, ()) if kept(r)]
        rows = [r for r in self.tables.get("interactions", ()) if r["id"] not in self.bots]
        return [
            (r, r["occurred_at"])
            for r in rows
            if (r.get("direction") != "outbound" if event == "any" else r["type"] == event)
        ]

    def belongs(self, row: Row, event: str, subject: Row) -> bool:
        kind = self.definition.subject
        if kind == "contact":
            return row.get("contact_id") == subject["id"]
        if kind == "deal":
            return (row["id"] if event in ("deal_won", "deal_lost") else row.get("deal_id")) == subject["id"]
        through = self.by_id["contacts"].get(row.get("contact_id"), {}).get("account_id")
        own = row.get("account_id")
        if event in HAPPENED:
            return (own or through) == subject["id"]
        return (own if row.get("contact_id") is None else through) == subject["id"]

    def truth(self, condition: Any, subject: Row) -> bool | None:
        return self.logic(condition, lambda path: self.field(path, subject), subject)

    def logic(self, c: Any, read: Any, subject: Row) -> bool | None:
        kind = type(c).__name__
        if kind in ("All", "AnyOf"):
            parts = [self.logic(p, read, subject) for p in (c.all if kind == "All" else c.any)]
            decisive = kind == "AnyOf"
            return decisive if decisive in parts else None if None in parts else not decisive
        if kind == "Not":
            inner = self.logic(c.not_, read, subject)
            return None if inner is None else not inner
        if kind == "No":
            return self.nothing(c.no, subject)
        if kind == "InSegment":
            return c.segment in self.segments(subject)
        if kind == "Related":
            return self.related(c, subject)
        return self.test(c, read(c.field))

    def nothing(self, match: Any, subject: Row) -> bool | None:
        if match.within_days is not None:
            told = [at for at in (subject.get("created_at"), self.restarted(subject)) if at is not None]
            created = max(told, default=None)
            if created is None or (self.today - self.day(created)).days < match.within_days:
                return None
        return not self.occurrences(match, subject)

    def segments(self, subject: Row) -> set[str]:
        return {
            r["segment"]
            for r in self.tables.get("segment_memberships", ())
            if r["subject_id"] == subject["id"]
            and r["entered_at"] <= self.as_of
            and not (r.get("left_at") and r["left_at"] <= self.as_of)
        }

    def related(self, c: Any, subject: Row) -> bool | None:
        owner, table = c.related.split(".")
        key = self.link(owner, subject)
        values: list[Any] = []
        for row in self.tables.get(table, ()):
            through = self.by_id["contacts"].get(row.get("contact_id"), {}).get("account_id")
            mine = (
                row.get("contact_id")
                if owner == "contact"
                else row.get("account_id") or (None if table == "contacts" else through)
            )
            itself = row["id"] == (
                subject["id"]
                if table == PLURAL[self.definition.subject]
                else subject.get("contact_id")
                if table == "contacts"
                else None
            )
            if key is None or mine != key or itself:
                continue
            if c.where is None or self.logic(c.where, lambda f, row=row: plain_field(row, f), subject) is True:
                values.append(row.get(c.of) if c.of else 1)
        values = [Decimal(str(v)) for v in values if v is not None]
        measures = {
            "any": lambda: Decimal(bool(values)),
            "count": lambda: Decimal(len(values)),
            "sum": lambda: sum(values, Decimal(0)),
            "mean": lambda: sum(values, Decimal(0)) / len(values),
            "min": lambda: min(values),
            "max": lambda: max(values),
        }
        if c.measure == "any":
            return bool(values)
        if not values and c.measure in ("mean", "min", "max"):
            return None
        return compare(c.test, c.operand, measures[c.measure]())

    def link(self, entity: str, subject: Row) -> Any:
        return subject["id"] if entity == self.definition.subject else subject.get(f"{entity}_id")

    def field(self, path: str, subject: Row) -> Any:
        entity, column = path.split(".", 1)
        row = self.by_id[PLURAL[entity]].get(self.link(entity, subject), {})
        if path == "contact.email_domain":
            return (row.get("email") or "").partition("@")[2] or None
        return plain_field(row, column)

    def test(self, c: Any, value: Any) -> bool | None:
        if c.present is not None:
            return (value is not None) == c.present
        if value is None:
            return None
        if isinstance(value, datetime | date):
            return self.on_days(c, self.day(value) if isinstance(value, datetime) else value)
        if c.test in ("at_least", "at_most", "above", "below", "between"):
            number = value if not isinstance(value, str) else as_number(value)
            return None if number is None else compare(c.test, c.operand, Decimal(str(number)))
        operands = c.in_ if c.in_ is not None else (c.is_,)
        if c.test in ("is", "in") and not isinstance(value, str):
            return any(value == o if isinstance(o, bool) else Decimal(str(value)) == Decimal(str(o)) for o in operands)
        if c.test == "matches":
            return re.search(c.matches, unicodedata.normalize("NFC", value)) is not None
        text = fold(value)
        if c.test == "in_list":
            return text in {fold(w) for w in (LISTS / f"{c.in_list}.txt").read_text().split("\n") if w and w[0] != "#"}
        if c.test in ("is", "in"):
            if all(isinstance(o, Decimal) for o in operands):
                number = as_number(value)
                return None if number is None else any(number == o for o in operands)
            return any(text == fold(str(o)) for o in operands)
        part = fold(c.operand)
        return {"contains": part in text, "starts_with": text.startswith(part), "ends_with": text.endswith(part)}[
            c.test
        ]

    def on_days(self, c: Any, day: date) -> bool:
        age = (self.today - day).days
        if c.within_days is not None:
            return 0 <= age < c.within_days
        return age >= c.older_than_days if c.older_than_days is not None else 0 < -age <= c.in_next_days


def plain_field(row: Row, column: str) -> Any:
    if column in row:
        return row[column]
    value = json.loads(row.get("properties") or "{}").get(column.removeprefix("properties."))
    return value if value is None or isinstance(value, str) else json.dumps(value)


def as_number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def compare(test: str, operand: Any, value: Decimal) -> bool:
    if test == "between":
        return all(
            ([value >= operand[0]] if operand[0] is not None else [])
            + ([value <= operand[1]] if operand[1] is not None else [])
        )
    return {
        "at_least": value >= operand,
        "at_most": value <= operand,
        "above": value > operand,
        "below": value < operand,
    }[test]


def scaled(points: Decimal) -> int:
    return int(points.scaleb(6))


def rounded(points: Decimal, decay: Any, age: int) -> int:
    exact = WIDE.multiply(WIDE.multiply(points, Decimal(1_000_000)), weight(decay, age))
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN, context=WIDE))


def weight(decay: Any, age: int) -> Decimal:
    """By exponential and logarithm, so that the way there is another than the engine's."""
    if decay is None or age == 0:
        return Decimal(1)
    if decay.half_life_days is not None:
        halvings = WIDE.divide(Decimal(age), decay.half_life_days)
        if halvings == halvings.to_integral_value():
            return WIDE.divide(Decimal(1), Decimal(2 ** int(halvings)))
        return WIDE.exp(WIDE.multiply(-halvings, WIDE.ln(Decimal(2))))
    kept = 1 - decay.percent / 100
    spans = WIDE.divide(Decimal(age), decay.per_days)
    if decay.shape == "linear":
        return max(Decimal(0), 1 - WIDE.multiply(decay.percent / 100, spans))
    return WIDE.exp(WIDE.multiply(spans, WIDE.ln(kept))) if kept else Decimal(0)


def limited(micro: int, limit: Any) -> int:
    if limit is None:
        return micro
    micro = micro if limit.min is None else max(micro, scaled(limit.min))
    return micro if limit.max is None else min(micro, scaled(limit.max))
