"""People we turned to: members of campaigns, and those on work lists."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.customers import beginnings

_NEVER = ibis.null().cast("timestamp('UTC', 6)")


def _targeted(reading: Reading) -> ir.Table:
    """One row per contact put into a campaign or on a work list: at, contact_id, by, prospect (no customer then).

    Held-out ones are left out. A contact is a customer from the first purchase of theirs or their account's on.
    """
    parts = []
    if reading.has("campaign_members"):
        members = reading.lookup("campaign_members", ["campaign_id", "contact_id", "is_holdout", "added_at", "sent_at"])
        members = members.filter((~members.is_holdout).fill_null(True))
        at = ibis.coalesce(members.sent_at, members.added_at)
        parts.append(members.select("id", "contact_id", "campaign_id", at=at, by=ibis.literal("campaign")))
    if reading.has("action_assignments"):
        given = reading.lookup("action_assignments", ["subject", "subject_id", "arm", "assigned_at"])
        given = given.filter((given.subject == "contact") & (given.arm != "holdout").fill_null(True))
        nowhere = ibis.null().cast("string")
        parts.append(
            given.select(
                "id", contact_id="subject_id", campaign_id=nowhere, at="assigned_at", by=ibis.literal("work list")
            )
        )
    rows = plain(ibis.union(*parts) if len(parts) > 1 else parts[0])
    return _with_prospect(rows.filter(rows["at"].notnull() & rows.contact_id.notnull()), reading)


def _with_prospect(rows: ir.Table, reading: Reading) -> ir.Table:
    if not any(reading.has(table) for table in ("orders", "deals", "contracts")):
        return rows.mutate(prospect=ibis.literal(value=True))
    begun = beginnings(reading)
    own = begun.group_by(_buyer="contact_id").aggregate(_own=begun["at"].min())
    rows = plain(rows.left_join(own, [("contact_id", "_buyer")]).drop("_buyer"))
    rows = rows.mutate(_account=_NEVER)
    if reading.has("contacts"):
        accounts = begun.group_by(_payer="account_id").aggregate(_since=begun["at"].min())
        people = reading.lookup("contacts", ["account_id"]).select(_person="id", _employer="account_id")
        employed = people.join(accounts, [("_employer", "_payer")]).select("_person", "_since")
        met = rows.drop("_account").left_join(employed, [("contact_id", "_person")])
        rows = plain(met.rename(_account="_since").drop("_person"))
    bought = (rows._own < rows["at"]).fill_null(False) | (rows._account < rows["at"]).fill_null(False)
    return rows.mutate(prospect=~bought).drop("_own", "_account")


TARGETED = Relation(
    name="targeted",
    grain="contacts turned to",
    table="campaign_members",
    needs_any=("campaign_members", "action_assignments"),
    rows=_targeted,
    dimensions={
        "by": column("by"),
        "campaign": column("campaign_id"),
        "channel": through("campaign_id", "campaigns", "channel"),
        "source": through("contact_id", "contacts", "lead_source"),
        "country": through("contact_id", "contacts", "country"),
        "owner": through("contact_id", "contacts", "owner_id"),
    },
    labels=("contact_id", "campaign_id", "by"),
)
