"""Fields of records that a model may learn from, and why the others are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.age import age_in_days
from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions import fields as grammar
from rapport.engine.crm.conditions.fields import REACHABLE, FieldRef, subject_field
from rapport.engine.crm.conditions.named_lists import named_list
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.tables import BY_ENTITY, Column, Type
from rapport.engine.scores.features.terms import Nature

EMAIL_DOMAIN = "contact.email_domain"
FREE_MAIL, COMPANY_MAIL = "free mail", "company"

_TECHNICAL = frozenset(
    ("id", "source", "external_id", "recorded_at", "recorded_at_assumed", "ingested_at", "deleted_at", "properties")
)
_NAMES = frozenset(("name", "first_name", "last_name", "email", "phone", "domain"))
_PROTECTED = frozenset(("gender", "birth_date"))
_TOLD_BY_KEY = frozenset(("users", "products", "campaigns"))  # few, and what they are is known at the instant
_OF_THE_OUTCOME = frozenset(("deal.status", "deal.closed_at", "deal.lost_reason"))
_MOVES_WITH_THE_OUTCOME = frozenset(
    ("contact.lifecycle_stage", "account.type", "deal.stage", "deal.probability", "deal.forecast_category")
)

NAMES_ONE = "names one record"
LEADS_ELSEWHERE = "leads to another record"
PROTECTED = "protected by law in many places; `keep` brings it in"
OUTCOME = "says the outcome itself"
NO_HISTORY = "no history of its changes: its value is of today, also at past cut-offs"
UNREADABLE = "its name holds quotes, brackets, $ or a backslash"
OMITTED = "left out by the definition"


@dataclass(frozen=True)
class Candidates:
    """Fields to look at.

    Attributes:
        paths: as conditions name them (`account.industry`, `contact.Tags` of properties).
        left_out: path -> reason.
    """

    paths: tuple[str, ...]
    left_out: Mapping[str, str]


def candidates(
    view: AsOf, subject: str, *, properties: Mapping[str, Iterable[str]], omit: Iterable[str], keep: Iterable[str]
) -> Candidates:
    """Fields of the subject and of what it is linked with.

    Parameters: properties, keys by entity; omit and keep, paths by the definition.
    """
    omitted, kept = frozenset(omit), frozenset(keep)
    paths: list[str] = []
    left_out: dict[str, str] = {}
    for entity in REACHABLE[subject]:
        table = BY_ENTITY[entity]
        if not view.has(table.name):
            continue
        present = view.snapshot.tables[table.name].columns
        reasons = {c.name: _reason(f"{entity}.{c.name}", c, view) for c in table.columns.values() if c.name in present}
        reasons |= {key: UNREADABLE if set(key) & set("\"'\\$[]") else None for key in properties.get(entity, ())}
        for name, reason in reasons.items():
            path = f"{entity}.{name}"
            if path in omitted:
                left_out[path] = OMITTED
            elif reason is None or (path in kept and reason in (PROTECTED, NO_HISTORY)):
                paths.append(path)
            elif name not in _TECHNICAL:
                left_out[path] = reason
        if entity == "contact" and "email" in present and EMAIL_DOMAIN not in omitted:
            paths.append(EMAIL_DOMAIN)
    return Candidates(tuple(paths), left_out)


def _reason(path: str, column: Column, view: AsOf) -> str | None:
    """Why a column is not looked at; None where it is."""
    if column.name in _TECHNICAL:
        return "technical"
    if path in _OF_THE_OUTCOME:
        return OUTCOME
    if column.name in _NAMES:
        return NAMES_ONE
    if column.name in _PROTECTED:
        return PROTECTED
    if column.type is Type.JSON or (column.type is Type.ID and column.refers_to not in _TOLD_BY_KEY):
        return LEADS_ELSEWHERE
    if path in _MOVES_WITH_THE_OUTCOME and not view.has("attribute_history"):
        return NO_HISTORY
    return None


def field_ref(path: str, *, subject: str) -> FieldRef:
    return subject_field(path, subject=subject)


def field_column(value: ir.Value, ref: FieldRef, nature: Nature, view: AsOf, *, time_zone: str) -> ir.Value:
    """A field's value as a feature: a number (days for instants and dates) or a text."""
    if ref.path == EMAIL_DOMAIN:
        free = value.lower().isin(sorted(named_list("free_mail"))).name("free")
        return ibis.ifelse(value.isnull(), ibis.null("string"), ibis.ifelse(free, FREE_MAIL, COMPANY_MAIL))
    if ref.nature is grammar.Nature.INSTANT:
        return age_in_days(value, as_of=view.at, time_zone=time_zone).cast("float64")
    if ref.nature is grammar.Nature.DATE:
        today = ibis.literal(local_day_of(view.at, time_zone))
        return today.delta(value, unit="day").cast("float64")
    if ref.nature is grammar.Nature.BOOLEAN:
        return ibis.cases((value, "true"), (~value, "false"), else_=ibis.null("string"))
    if nature is Nature.NUMBER:
        return value.try_cast("float64") if ref.nature is grammar.Nature.PROPERTY else value.cast("float64")
    return value.nullif("")
