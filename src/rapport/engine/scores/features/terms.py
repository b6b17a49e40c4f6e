"""What a feature is, by its name: a field of a record, or a measure of what happened.

contact.seniority               a field of the subject, its account or (of a deal) its main contact
contact.created_at              an instant or a date: as days before the instant
events.page_view.30d            how many in the last 30 local days; `ever`: how many in all
events.page_view[/pricing].ever the same where the page (form, outcome) is that
events.=inbound.days            days since the last in that direction; unknown where there was none
orders.placed.amount_365d       sum of the amounts of the last 365 local days
account.deals.won.ever          of the subject's account (a deal's main contact: `contact.`)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rapport.engine.crm.conditions.words import field_words

TABLES = ("events", "deals", "orders", "cases", "campaigns", "contracts", "visits", "changes")
WINDOWS = (7, 30, 90, 365)
EVER, DAYS = "ever", "days"
_TERM = re.compile(rf"(?:(contact|account)\.)?({'|'.join(TABLES)})\.(.+)\.(amount_)?(\d+d|ever|days)")


class Nature(StrEnum):
    """NUMBER: float64, null unknown. CATEGORY: text, null unknown."""

    NUMBER = "number"
    CATEGORY = "category"


@dataclass(frozen=True, kw_only=True)
class Term:
    """A measure of what happened.

    Attributes:
        of: `contact` or `account` where it is the linked record's; None for the subject's own.
        table: one of `TABLES`.
        what: which of its rows (`page_view`, `page_view[/pricing]`, `=inbound`, `won`).
        window: days, or None for all.
        measure: `count`, `amount` (their sum) or `days` (since the last).
    """

    of: str | None
    table: str
    what: str
    window: int | None
    measure: str

    @property
    def name(self) -> str:
        ending = DAYS if self.measure == "days" else f"{self.window}d" if self.window else EVER
        prefix = f"{self.of}." if self.of else ""
        return f"{prefix}{self.table}.{self.what}.{'amount_' if self.measure == 'amount' else ''}{ending}"

    @property
    def family(self) -> str:
        """What its lines are told together under."""
        prefix = f"{self.of}." if self.of else ""
        return f"{prefix}{self.table}.{self.what}"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of a frame."""

    name: str
    nature: Nature

    @property
    def term(self) -> Term | None:
        """What is measured; None where it is a field."""
        return term_of(self.name)

    @property
    def family(self) -> str:
        term = self.term
        return term.family if term else self.name

    @property
    def words(self) -> str:
        """`page view /pricing in the last 30 days`."""
        term = self.term
        if term is not None:
            return _term_words(term)
        dated = self.name.removesuffix("_at") if self.name.endswith("_at") else self.name.removesuffix("_date")
        told = field_words(dated)
        return f"days since {told}" if dated != self.name and self.nature is Nature.NUMBER else told

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole: counts and days."""
        term = self.term
        return term.measure != "amount" if term else self.words.startswith("days since")

    def told(self, value: float | str | None) -> str:
        """The feature with a value, as people say it: `last page view /pricing 5 days ago`, `industry software`."""
        term = self.term
        if isinstance(value, str) or (value is None and (term is None or term.measure != "days")):
            return f"{self.words} {'unknown' if value is None else value}"
        if term is not None and term.measure == "days":
            return f"last of {_thing(term)} {_days(value)} ago" if value is not None else f"no {_thing(term)} so far"
        if term is not None and term.measure == "count":
            return f"{value:,.0f} × {self.words}"
        if self.words.startswith("days since "):
            when = f"{_days(value)} ago" if value is None or value >= 0 else f"in {_days(-value)}"
            return f"{self.words.removeprefix('days since ')} {when}"
        return f"{self.words} {_plain(value)}"

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name, "nature": self.nature.value}

    @classmethod
    def from_dict(cls, stored: Mapping[str, str]) -> Feature:
        return cls(name=stored["name"], nature=Nature(stored["nature"]))


def term_of(name: str) -> Term | None:
    """The measure that a name says; None for a field."""
    found = _TERM.fullmatch(name)
    if found is None:
        return None
    of, table, what, amount, ending = found.groups()
    window = int(ending[:-1]) if ending not in (EVER, DAYS) else None
    return Term(
        of=of,
        table=table,
        what=what,
        window=window,
        measure="days" if ending == DAYS else "amount" if amount else "count",
    )


_NOUNS = {
    "deals": "deals {}",
    "orders": "orders",
    "cases": "cases {}",
    "campaigns": "campaign mails {}",
    "contracts": "contracts {}",
    "visits": "stages entered",
    "changes": "changes of {}",
}


def family_words(name: str) -> str:
    """What a family of features is called: `page view /pricing`, `account deals won`, `seniority`."""
    term = term_of(f"{name}.{EVER}")
    return _thing(term) if term else field_words(name)


def _thing(term: Term) -> str:
    what = term.what.removeprefix("=").replace("_", " ").replace("[", " ").replace("]", "")
    if term.table == "events":
        noun = f"{what} interactions" if term.what.startswith("=") else what
    else:
        noun = _NOUNS[term.table].format(what)
    return f"{term.of} {noun}" if term.of else noun


def _term_words(term: Term) -> str:
    if term.measure == "days":
        return f"days since the last of {_thing(term)}"
    what = f"amount of {_thing(term)}" if term.measure == "amount" else _thing(term)
    return f"{what} in the last {term.window} days" if term.window else f"{what} so far"


def _days(value: float | None) -> str:
    return "1 day" if value == 1 else f"{value or 0:,.0f} days"


def _plain(value: float | None) -> str:
    number = value or 0.0
    return f"{number:,.0f}" if number == round(number) else f"{number:,.2f}"
