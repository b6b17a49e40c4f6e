"""Which contacts count for which account as of the instant, and which accounts lie below which."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.age import age_in_days
from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import ANY, events
from rapport.engine.runner import Runner
from rapport.engine.scores.accounts.contributions import NEVER

_HIGHEST = 8


def directly_below(view: AsOf, *, needed_by: str) -> ir.Table:
    """One row per account that belongs to another: below_id, above_id. None is above itself."""
    accounts = view.table("accounts", needed_by=needed_by, columns=["parent_account_id"])
    rows = accounts.filter(accounts.parent_account_id.notnull() & (accounts.parent_account_id != accounts.id))
    return rows.select(below_id=rows.id, above_id=rows.parent_account_id)


def below(view: AsOf, *, runner: Runner, needed_by: str) -> ir.Table:
    """The same for accounts at any height above, up to eight.

    Followed in memory: few accounts belong to another, and joining the pairs with themselves again and again
    makes a plan that a cluster's driver cannot hold.
    """
    rows = runner.to_arrow(directly_below(view, needed_by=needed_by)).to_pydict()
    parent = dict(zip(rows["below_id"], rows["above_id"], strict=True))
    pairs = sorted((account, above) for account in parent for above in _above(account, parent))
    ids = pa.array([one for one, _ in pairs], pa.string()), pa.array([above for _, above in pairs], pa.string())
    return runner.from_arrow(pa.table({"below_id": ids[0], "above_id": ids[1]}))


def _above(account: str, parent: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    above = parent.get(account)
    while above is not None and above != account and above not in found and len(found) < _HIGHEST:
        found.add(above)
        above = parent.get(above)
    return found


def members(view: AsOf, *, runner: Runner, needed_by: str, of_children: bool) -> ir.Table:
    """One row per contact and account it counts for: account_id, contact_id, via_id (the account it belongs to).

    Parameters: of_children, contacts of accounts below count too.
    """
    contacts = view.table("contacts", needed_by=needed_by, columns=["account_id"])
    belongs = contacts.filter(contacts.account_id.notnull())
    own = belongs.select("account_id", contact_id=belongs.id, via_id=belongs.account_id)
    if not of_children:
        return own
    pairs = below(view, runner=runner, needed_by=needed_by)
    joined = own.select("contact_id", "via_id").join(pairs, [("via_id", "below_id")])
    return own.union(joined.select("contact_id", "via_id", account_id="above_id").select(*own.columns))


def with_age(rows: ir.Table, view: AsOf, *, time_zone: str, needed_by: str) -> ir.Table:
    """`rows` (contact_id) with `age`: local days since the contact's last interaction that was not ours; or NEVER."""
    if not view.has("interactions"):
        return rows.mutate(age=ibis.literal(NEVER, type="int64"))
    found = events(view, ANY, needed_by=needed_by)
    last = found.group_by(_who=found.subject_id).aggregate(_last=found.occurred_at.max())
    joined = rows.left_join(last, [("contact_id", "_who")]).mutate()
    age = age_in_days(joined._last, as_of=view.at, time_zone=time_zone).cast("int64")
    return joined.mutate(age=ibis.coalesce(age, NEVER)).drop("_who", "_last")
