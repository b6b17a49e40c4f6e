"""The fields that the naive Bayes baseline reads: those of Odoo's predictive lead scoring that the tables have."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf

_NEEDED_BY = "the naive Bayes baseline"
_PERSON = ("country", "region", "language", "lead_source")


def lead_fields(view: AsOf, subject: str) -> ir.Table:
    """One row per subject at the view's instant: subject_id and text columns, null where not set.

    contact: country, region, language, lead_source, lifecycle_stage, email_state, phone_state;
    account: country, region, industry, type; deal: stage, pipeline, type, and those of its contact.
    """
    if subject == "contact":
        return _person(view, ("lifecycle_stage",))
    if subject == "account":
        return _columns(view, "accounts", ("country", "region", "industry", "type"))
    deals = _columns(view, "deals", ("stage", "pipeline", "type", "contact_id"))
    if not view.has("contacts"):
        return deals.drop("contact_id")
    person = _person(view, ()).rename(_person_id="subject_id")
    return deals.left_join(person, [("contact_id", "_person_id")]).drop("contact_id", "_person_id")


def _columns(view: AsOf, table: str, columns: tuple[str, ...]) -> ir.Table:
    return view.table(table, needed_by=_NEEDED_BY, columns=columns).rename(subject_id="id")


def _person(view: AsOf, more: tuple[str, ...]) -> ir.Table:
    rows = _columns(view, "contacts", (*_PERSON, *more, "email", "phone"))
    return rows.select(
        "subject_id",
        *_PERSON,
        *more,
        email_state=_state(rows.email, rows.email.contains("@")),
        phone_state=_state(rows.phone, rows.phone.startswith("+")),
    )


def _state(value: ir.StringValue, correct: ir.BooleanValue) -> ir.StringValue:
    """`correct`, `incorrect`, or null where it is not set."""
    nothing = ibis.null().cast("string")
    return ibis.ifelse(value.isnull(), nothing, ibis.ifelse(correct, "correct", "incorrect"))
