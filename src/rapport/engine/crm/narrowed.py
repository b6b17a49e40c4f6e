"""A snapshot with only the interactions of a few subjects, so that these are found without reading all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.identity import survivors
from rapport.engine.runner import Runner

FEW = 2_000  # more subjects, or more contacts behind them, are read from the whole table


def narrowed(view: AsOf, subject: str, subject_ids: Sequence[str], *, runner: Runner) -> AsOf:
    """The same view of those subjects; others may lack interactions. The view itself where they are many."""
    if not view.has("interactions") or len(subject_ids) > FEW:
        return view
    rows = view.snapshot.tables["interactions"]
    if ("deal_id" if subject == "deal" else "contact_id") not in rows.columns:
        return view
    if subject == "deal":
        return _with_interactions(view, rows.filter(rows.deal_id.isin(list(subject_ids))), runner)
    accounts = list(subject_ids) if subject == "account" else []
    if accounts:
        accounts += _gave_way(view, "account", accounts, runner)
    contacts = _members(view, subject_ids, runner) if subject == "account" else list(subject_ids)
    contacts += _gave_way(view, "contact", contacts, runner)
    if len(contacts) > FEW:
        return view
    mine = rows.contact_id.isin(contacts)
    if accounts and "account_id" in rows.columns:
        mine = mine | rows.account_id.isin(accounts)
    if view.has("identity_links") and "anonymous_id" in rows.columns:
        mine = mine | rows.anonymous_id.isin(contacts)
    return _with_interactions(view, rows.filter(mine), runner)


def _with_interactions(view: AsOf, rows: ir.Table, runner: Runner) -> AsOf:
    """The rows are taken into memory: they are few, and several queries read them."""
    rows = ibis.memtable(runner.to_arrow(rows))
    return replace(view, snapshot=view.snapshot.with_tables({"interactions": rows}))


def _members(view: AsOf, accounts: Sequence[str], runner: Runner) -> list[str]:
    if not view.has("contacts"):
        return []
    contacts = view.table("contacts", needed_by="an account's contacts", columns=["account_id"])
    return _ids(contacts.filter(contacts.account_id.isin(list(accounts))).select("id"), runner)


def _gave_way(view: AsOf, entity: str, ids: Sequence[str], runner: Runner) -> list[str]:
    """Ids (anonymous ones too) that lead to `ids`."""
    chain = survivors(view, entity)
    if chain is None or not ids:
        return []
    return _ids(chain.filter(chain.to_id.isin(list(ids))).select("from_id"), runner)


def _ids(rows: ir.Table, runner: Runner) -> list[str]:
    return [value for value in runner.to_arrow(rows).column(0).to_pylist() if value is not None]
