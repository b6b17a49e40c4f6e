"""Tables of deals, stage visits, proposals, orders, lines and contracts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import (
    DAY,
    NEVER,
    constant,
    dates,
    ids,
    instants,
    joined,
    money,
    picked,
    table,
)
from rapport.engine.crm.simulation.pipeline import RENEWAL, TERM, Contracts, Deals
from rapport.engine.crm.simulation.profiles import account_names
from rapport.engine.crm.simulation.spec import Simulation

STAGE_NAMES = (*words.STAGES, "Won", "Lost")
REASONS = ("price", "too little used", "moved to a competitor")


def sales_tables(simulation: Simulation, deals: Deals, contracts: Contracts) -> dict[str, pa.Table]:
    orders, lines = _orders(simulation, deals)
    return {
        "deals": _deals(simulation, deals),
        "deal_stage_visits": _visits(deals),
        "proposals": _proposals(simulation, deals),
        "contracts": _contracts(simulation, deals, contracts),
        "orders": orders,
        "order_lines": lines,
    }


def stage_now(deals: Deals) -> np.ndarray:
    """The stage at the end: the last one entered, Won or Lost."""
    entered = len(words.STAGES) - 1 - np.argmax((deals.stage_at != NEVER)[:, ::-1], axis=1)
    return np.where(deals.closed == NEVER, entered, np.where(deals.won, 4, 5))


def _deals(simulation: Simulation, deals: Deals) -> pa.Table:
    rows, stage, closed = deals.rows, stage_now(deals), deals.closed != NEVER
    probability = np.array([words.STAGE_PROBABILITY[s] for s in STAGE_NAMES])[stage]
    reached_quote = (deals.stage_at[:, 2] != NEVER) | (deals.kind == RENEWAL)
    lost = closed & ~deals.won
    amount = np.where(reached_quote, deals.amount, deals.first_amount)
    columns = {
        "id": ids("deals", np.arange(rows)),
        "account_id": ids("accounts", deals.account),
        "contact_id": ids("contacts", deals.contact),
        "name": joined(picked(words.PLANS, deals.plan), " for ", _buyers(simulation, deals)),
        "pipeline": picked(("New business", "Renewals"), deals.kind),
        "stage": picked(STAGE_NAMES, stage),
        "status": picked(("open", "won", "lost"), np.where(closed, np.where(deals.won, 1, 2), 0)),
        "type": picked(("new", "renewal"), deals.kind),
        "amount": money(amount),
        "currency": constant(simulation.currency, rows),
        "expected_close_date": dates(deals.created + np.where(deals.kind == RENEWAL, 60, 45) * DAY),
        "closed_at": instants(deals.closed),
        "lost_reason": picked(words.LOST_REASONS, np.where(lost, deals.lost_reason, -1)),
        "product_id": ids("products", deals.plan),
        "campaign_id": ids("campaigns", deals.campaign),
        "owner_id": ids("users", deals.owner),
        "probability": probability,
        "forecast_category": picked(
            ("pipeline", "pipeline", "best_case", "commit", "omitted", "omitted"), np.where(stage > 3, 4, stage)
        ),
        "recurring_amount": money(amount // 12),
        "term_months": np.full(rows, 12),
        "created_at": instants(deals.created),
    }
    return table("deals", columns)


def _buyers(simulation: Simulation, deals: Deals) -> pa.StringArray:
    """The name of each deal's account; private people have none."""
    accounts = account_names(simulation, int(deals.account.max(initial=0)) + 1)
    return pc.if_else(deals.account < 0, "a private customer", accounts.take(np.maximum(deals.account, 0)))


def _visits(deals: Deals) -> pa.Table:
    deal, stage = np.nonzero(deals.stage_at != NEVER)
    entered = deals.stage_at[deal, stage]
    after = np.where(stage < 3, deals.stage_at[deal, np.minimum(stage + 1, 3)], NEVER)
    left = np.where(after != NEVER, after, deals.closed[deal])
    columns = {
        "id": ids("deal_stage_visits", np.arange(len(deal))),
        "deal_id": ids("deals", deal),
        "stage": picked(words.STAGES, stage),
        "entered_at": instants(entered),
        "left_at": instants(left),
        "amount": money(np.where(stage >= 2, deals.amount[deal], deals.first_amount[deal])),
        "created_at": instants(entered),
    }
    return table("deal_stage_visits", columns)


def _proposals(simulation: Simulation, deals: Deals) -> pa.Table:
    deal = np.flatnonzero((deals.kind != RENEWAL) & (deals.stage_at[:, 2] != NEVER))
    sent, closed, won = deals.stage_at[deal, 2], deals.closed[deal], deals.won[deal]
    columns = {
        "id": ids("proposals", np.arange(len(deal))),
        "deal_id": ids("deals", deal),
        "number": joined("Q-", pc.cast(pa.array(1_000 + np.arange(len(deal))), pa.string())),
        "amount": money(deals.amount[deal]),
        "currency": constant(simulation.currency, len(deal)),
        "sent_at": instants(sent),
        "accepted_at": instants(np.where(won, closed, NEVER)),
        "rejected_at": instants(np.where(won, NEVER, closed)),
        "created_at": instants(sent),
    }
    return table("proposals", columns)


def _orders(simulation: Simulation, deals: Deals) -> tuple[pa.Table, pa.Table]:
    """One order and one line for each deal won: amount = quantity x unit price - discount."""
    deal = np.flatnonzero(deals.won)
    rows, at = len(deal), deals.closed[deal]
    numbers = ids("orders", np.arange(rows))
    orders = {
        "id": numbers,
        "contact_id": ids("contacts", deals.contact[deal]),
        "account_id": ids("accounts", deals.account[deal]),
        "deal_id": ids("deals", deal),
        "campaign_id": ids("campaigns", deals.campaign[deal]),
        "channel": constant("direct", rows),
        "ordered_at": instants(at),
        "amount": money(deals.amount[deal]),
        "margin": money(deals.amount[deal] * 8 // 10),
        "currency": constant(simulation.currency, rows),
        "status": constant("paid", rows),
        "created_at": instants(at),
    }
    lines = {
        "id": ids("order_lines", np.arange(rows)),
        "order_id": numbers,
        "product_id": ids("products", deals.plan[deal]),
        "quantity": deals.seats[deal].astype(np.float64),
        "unit_price": money(np.array(words.SEAT_PRICE)[deals.plan[deal]] * 12 * 10_000),
        "discount": money(deals.discount[deal]),
        "created_at": instants(at),
    }
    return table("orders", orders), table("order_lines", lines)


def _contracts(simulation: Simulation, deals: Deals, contracts: Contracts) -> pa.Table:
    deal, rows = contracts.deal, len(contracts.deal)
    ended = contracts.ended != NEVER
    columns = {
        "id": ids("contracts", np.arange(rows)),
        "account_id": ids("accounts", deals.account[deal]),
        "contact_id": ids("contacts", deals.contact[deal]),
        "product_id": ids("products", deals.plan[deal]),
        "plan": picked(words.PLANS, deals.plan[deal]),
        "quantity": deals.seats[deal].astype(np.float64),
        "monthly_amount": money(deals.amount[deal] // 12),
        "currency": constant(simulation.currency, rows),
        "started_at": instants(contracts.started),
        "term_end_at": instants(contracts.term_end),
        # A renewed term ends where the next begins.
        "ended_at": instants(np.where(ended | (contracts.renewed_by >= 0), contracts.started + TERM, NEVER)),
        "renewed_by_contract_id": ids("contracts", contracts.renewed_by),
        "cancel_reason": picked(REASONS, np.where(ended, contracts.reason, -1)),
        "created_at": instants(contracts.started),
    }
    return table("contracts", columns)
