"""Every rule of data quality, declared in one place.

A rule looks at one cell: a column of a record. A cell is required where one of its rules applies, and valid where all
that apply hold. A rule whose column holds nothing at all is not applied: no source fills it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.tables.people import LIFECYCLE_STAGES

Test = Callable[[ir.Table], ir.BooleanValue]
_SHORTEST_PHONE, _LONGEST_PHONE = 7, 15  # digits; ITU-T E.164 allows 15
_SEPARATORS = "+-() ./"


class Aspect(StrEnum):
    """What a rule is about, by the usual names."""

    COMPLETENESS = "completeness"
    VALIDITY = "validity"
    UNIQUENESS = "uniqueness"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Attributes:
    table, column: the cell it looks at.
    aspect: what it is about.
    says: what must be so.
    reads: further columns.
    applies: to which records; the rows carry `period` and `today`, the local day as of which they are judged.
    holds: whether the record keeps it; null counts as not.
    """

    table: str
    column: str
    aspect: Aspect
    says: str
    reads: tuple[str, ...] = ()
    applies: Test
    holds: Test

    @property
    def id(self) -> str:
        return f"{self.table}.{self.column} {self.aspect}"


def _complete(table: str, column: str, says: str, *, reads: tuple[str, ...] = (), only: Test | None = None) -> Rule:
    def filled(rows: ir.Table) -> ir.BooleanValue:
        value = rows[column]
        return value.notnull() & (value.strip() != "") if value.type().is_string() else value.notnull()

    return Rule(
        table=table,
        column=column,
        aspect=Aspect.COMPLETENESS,
        says=says,
        reads=reads,
        applies=only or _always,
        holds=filled,
    )


def _where_told(
    table: str, column: str, aspect: Aspect, says: str, holds: Test, *, reads: tuple[str, ...] = ()
) -> Rule:
    """A rule about cells that are filled; empty ones are a matter of completeness."""
    return Rule(
        table=table, column=column, aspect=aspect, says=says, reads=reads, applies=lambda t: t[column].notnull(),
        holds=holds,
    )  # fmt: skip


def _always(rows: ir.Table) -> ir.BooleanValue:
    return rows.id.notnull()


def _unique(column: str) -> Test:
    def alone(rows: ir.Table) -> ir.BooleanValue:
        same = ibis.window(group_by=[rows.period, rows[column].strip().lower()])
        return rows.id.count().over(same) == 1

    return alone


def _email(rows: ir.Table) -> ir.BooleanValue:
    text = rows.email.strip()
    one = text.replace("@", "").length() == text.length() - 1
    return one & text.like("_%@_%._%") & ~text.contains(" ")


def _phone(rows: ir.Table) -> ir.BooleanValue:
    digits = rows.phone
    for character in _SEPARATORS:
        digits = digits.replace(character, "")
    others = digits
    for digit in "0123456789":
        others = others.replace(digit, "")
    return (others == "") & digits.length().between(_SHORTEST_PHONE, _LONGEST_PHONE)


def _domain(rows: ir.Table) -> ir.BooleanValue:
    text = rows.domain.strip()
    return text.like("_%._%") & ~text.contains(" ") & ~text.contains("@") & ~text.contains("/")


def _currency(rows: ir.Table) -> ir.BooleanValue:
    return (rows.currency.length() == 3) & (rows.currency == rows.currency.upper())


def _open(rows: ir.Table) -> ir.BooleanValue:
    return rows.status == "open"


def _closed(rows: ir.Table) -> ir.BooleanValue:
    return rows.status.isin(["won", "lost"])


RULES: tuple[Rule, ...] = (
    _complete("contacts", "last_name", "A contact has a last name."),
    _complete("contacts", "email", "A contact has an e-mail address."),
    _where_told("contacts", "email", Aspect.VALIDITY, "An e-mail address has one @ and a domain.", _email),
    _where_told("contacts", "email", Aspect.UNIQUENESS, "No two contacts share an e-mail address.", _unique("email")),
    _where_told("contacts", "phone", Aspect.VALIDITY, "A phone number has 7 to 15 digits (E.164).", _phone),
    _complete("contacts", "country", "A contact has a country."),
    _complete("contacts", "lifecycle_stage", "A contact has a lifecycle stage."),
    _where_told(
        "contacts",
        "lifecycle_stage",
        Aspect.VALIDITY,
        "The lifecycle stage is one of the known ones.",
        lambda t: t.lifecycle_stage.isin(list(LIFECYCLE_STAGES)),
    ),
    _where_told(
        "contacts",
        "birth_date",
        Aspect.CONSISTENCY,
        "Nobody was born in the future, or before 1900.",
        lambda t: (t.birth_date >= ibis.date(1900, 1, 1)) & (t.birth_date <= t.today),
    ),
    _complete("accounts", "name", "An account has a name."),
    _where_told("accounts", "domain", Aspect.VALIDITY, "A web domain has a dot, and nothing but a domain.", _domain),
    _where_told("accounts", "domain", Aspect.UNIQUENESS, "No two accounts share a web domain.", _unique("domain")),
    _complete("accounts", "industry", "An account has a sector."),
    _complete("accounts", "country", "An account has a country."),
    _complete("accounts", "owner_id", "Somebody is responsible for an account."),
    _complete("deals", "owner_id", "Somebody is responsible for a deal."),
    _complete(
        "deals", "amount", "An open or won deal has an amount.", reads=("status",),
        only=lambda t: t.status.isin(["open", "won"]),
    ),
    _where_told("deals", "amount", Aspect.VALIDITY, "An amount is above 0.", lambda t: t.amount > 0),
    _where_told("deals", "currency", Aspect.VALIDITY, "A currency has three capital letters (ISO 4217).", _currency),
    _where_told(
        "deals", "probability", Aspect.VALIDITY, "A probability lies between 0 and 1.",
        lambda t: t.probability.between(0, 1),
    ),
    _complete("deals", "expected_close_date", "An open deal says when it should close.", reads=("status",), only=_open),
    Rule(
        table="deals",
        column="expected_close_date",
        aspect=Aspect.TIMELINESS,
        says="An open deal does not wait for a day that is over.",
        reads=("status",),
        applies=lambda t: _open(t) & t.expected_close_date.notnull(),
        holds=lambda t: t.expected_close_date >= t.today,
    ),
    _complete("deals", "closed_at", "A won or lost deal says when it was closed.", reads=("status",), only=_closed),
    _where_told(
        "deals", "closed_at", Aspect.CONSISTENCY, "A deal is not closed before it was made.",
        lambda t: t.created_at.isnull() | (t.closed_at >= t.created_at), reads=("created_at",),
    ),
    _complete(
        "deals", "lost_reason", "A lost deal says why.", reads=("status",), only=lambda t: t.status == "lost"
    ),
    _complete("orders", "amount", "An order has an amount."),
    _where_told("orders", "currency", Aspect.VALIDITY, "A currency has three capital letters (ISO 4217).", _currency),
    Rule(
        table="orders",
        column="contact_id",
        aspect=Aspect.COMPLETENESS,
        says="An order says who bought: a contact or an account.",
        reads=("account_id",),
        applies=_always,
        holds=lambda t: t.contact_id.notnull() | t.account_id.notnull(),
    ),
)  # fmt: skip
OBJECTS = tuple(dict.fromkeys(rule.table for rule in RULES))
