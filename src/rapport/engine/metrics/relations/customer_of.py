"""Who the customer is: an account or a person, as the company reckons."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain


def with_customer(rows: ir.Table, reading: Reading) -> ir.Table:
    """`rows` (id, contact_id, account_id) with customer_id.

    Setting `customer_grain`: `account` (default) takes the row's account, else the contact's, else
    the contact; `person` takes the contact, else the account.
    """
    if reading.setting("customer_grain", "account") == "person":
        return rows.mutate(customer_id=ibis.coalesce(rows.contact_id, rows.account_id))
    if not reading.has("contacts"):
        return rows.mutate(customer_id=ibis.coalesce(rows.account_id, rows.contact_id))
    people = reading.lookup("contacts", ["account_id"]).select(_person="id", _employer="account_id")
    joined = rows.left_join(people, [("contact_id", "_person")])
    known = joined.mutate(customer_id=ibis.coalesce(joined.account_id, joined._employer, joined.contact_id))
    return plain(known.drop("_person", "_employer"))
