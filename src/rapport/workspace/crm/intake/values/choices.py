"""What other systems' words mean among our choices. Compared folded: "Closed Won" is closedwon."""

from __future__ import annotations

from collections.abc import Mapping

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.intake.mapping.names import fold

NO_CHOICE = ""
"""A word that says nothing: the value stays empty."""

_WORDS: dict[str, dict[str, str]] = {
    "contacts.lifecycle_stage": {
        "subscriber": "visitor", "anonymous": "visitor", "new": "lead", "prospect": "lead",
        "marketingqualifiedlead": "mql", "marketingqualified": "mql", "salesqualifiedlead": "sql",
        "salesqualified": "sql", "salesacceptedlead": "sql", "client": "customer", "evangelist": "customer",
        "churned": "former", "formercustomer": "former", "excustomer": "former", "other": NO_CHOICE,
    },
    "accounts.type": {
        "prospect": "prospect", "target": "prospect", "customerdirect": "customer", "customerchannel": "customer",
        "client": "customer", "channelpartnerreseller": "partner", "technologypartner": "partner",
        "reseller": "partner", "vendor": "partner", "installationpartner": "partner", "churned": "former",
        "pastcustomer": "former", "formercustomer": "former",
    },
    "deals.status": {
        "closedwon": "won", "win": "won", "gewonnen": "won", "closedlost": "lost", "loss": "lost", "verloren": "lost",
        "deleted": "lost", "inprogress": "open", "active": "open", "new": "open", "pending": "open",
    },
    "deals.type": {
        "newbusiness": "new", "newcustomer": "new", "existingbusiness": "up_sell", "upgrade": "up_sell",
        "existingcustomerupgrade": "up_sell", "existingcustomerreplacement": "up_sell", "upsell": "up_sell",
        "expansion": "up_sell", "existingcustomerdowngrade": "renewal", "crosssell": "cross_sell", "renewal": "renewal",
        "addon": "cross_sell",
    },
    "deals.forecast_category": {
        "closed": "commit", "bestcase": "best_case", "mostlikely": "commit", "notforecasted": "omitted",
    },
    "campaigns.status": {
        "planning": "planned", "draft": "planned", "schedule": "planned", "scheduled": "planned", "save": "planned",
        "inprogress": "active", "sending": "active", "running": "active", "sent": "completed", "complete": "completed",
        "finished": "completed", "done": "completed", "aborted": "cancelled", "canceled": "cancelled",
    },
    "orders.status": {
        "delivered": "paid", "shipped": "paid", "approved": "paid", "invoiced": "paid", "processing": "paid",
        "created": "paid", "complete": "paid", "completed": "paid", "fulfilled": "paid", "activated": "paid",
        "canceled": "cancelled", "unavailable": "cancelled", "voided": "cancelled", "returned": "refunded",
        "partiallyrefunded": "refunded", "pending": "paid", "open": "paid", "draft": NO_CHOICE,
    },
    "cases.type": {
        "problem": "incident", "bug": "incident", "issue": "incident", "task": "request", "featurerequest": "request",
        "servicerequest": "request", "inquiry": "question", "enquiry": "question", "complaint": "complaint",
    },
    "interactions.channel": {
        "call": "phone", "telephone": "phone", "website": "web", "e-mail": "email", "mail": "mail", "sms": "phone",
        "livechat": "chat", "facebook": "social", "twitter": "social", "linkedin": "social", "event": "meeting",
    },
    "interactions.direction": {
        "incoming": "inbound", "in": "inbound", "outgoing": "outbound", "out": "outbound",
    },
    "survey_answers.kind": {"netpromoterscore": "nps", "customersatisfaction": "csat", "customereffortscore": "ces"},
    "costs.category": {"advertising": "media", "ads": "media", "support": "service", "salaries": "sales"},
}  # fmt: skip

TRUE = frozenset({"true", "t", "yes", "y", "1", "on", "x", "ja", "wahr", "oui", "si", "1.0", "granted", "subscribed"})
FALSE = frozenset({"false", "f", "no", "n", "0", "off", "nein", "falsch", "non", "0.0", "unsubscribed", "denied"})


def meanings(table: str, column: str, own: Mapping[str, str]) -> dict[str, str]:
    """Folded word -> choice, of a column; what a person mapped goes first."""
    choices = {fold(choice): choice for choice in TABLES[table].columns[column].choices}
    told = {fold(word): choice for word, choice in own.items()}
    return {**_WORDS.get(f"{table}.{column}", {}), **choices, **told}


def status_of_stage(stage: str) -> str:
    """Whether a deal in a stage of this name is won, lost or open: "Closed Won", "closedlost", "Negotiation"."""
    folded = fold(stage)
    if folded.endswith("won") or "closedwon" in folded or folded in ("gewonnen", "win"):
        return "won"
    return "lost" if folded.endswith("lost") or "closedlost" in folded or folded in ("verloren", "loss") else "open"
