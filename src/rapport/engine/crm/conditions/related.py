"""Measures of related records: the account's other contacts, deals, cases, orders.

Sums are made per account (or contact) once, and the subject's own record is taken out again, so that
an account with many records costs no more than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.column_tests import column_test, number_test
from rapport.engine.crm.conditions.fields import (
    FieldRef,
    Nature,
    check,
    is_text_test,
    read_column,
    table_field,
    value_of,
)
from rapport.engine.crm.conditions.grammar import Condition, FieldTest, Measure, Related, walk
from rapport.engine.crm.conditions.logic import expression, fires
from rapport.engine.crm.conditions.text_columns import distinct_texts, with_text_columns
from rapport.engine.crm.events import by_account
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DefinitionError
from rapport.engine.runner import Runner

_OWN = {("contact", "contacts"): "subject_id", ("deal", "deals"): "subject_id", ("deal", "contacts"): "contact_id"}


@dataclass(frozen=True)
class _Kept:
    """Related rows that count: _id, _key (the account or contact), _of (the value measured)."""

    rows: ir.Table


def with_related(
    rows: ir.Table,
    view: AsOf,
    subject: str,
    part: Related,
    *,
    name: str,
    runner: Runner,
    needed_by: str,
    time_zone: str,
) -> ir.Table:
    """`rows` (subject_id, account_id, contact_id) with a boolean `name`: whether the measure meets its bound."""
    owner, _, table = part.related.partition(".")
    kept = _kept(view, part, owner, table, runner=runner, needed_by=needed_by, time_zone=time_zone)
    sums = kept.rows.group_by("_key").aggregate(_n=kept.rows.count(), **_aggregates(part, kept.rows))
    joined = rows.left_join(sums.rename(_sum_key="_key"), [(f"{owner}_id", "_sum_key")])
    joined = joined.mutate()
    own = _OWN.get((subject, table))
    if own is not None:
        mine = kept.rows.select(_own_id="_id", _own_key="_key", _own="_of")
        joined = joined.left_join(mine, [(own, "_own_id"), (f"{owner}_id", "_own_key")]).mutate()
    else:
        joined = joined.mutate(
            _own_id=ibis.null("string"), _own_key=ibis.null("string"), _own=ibis.null(kept.rows._of.type())
        )
    truth = _truth(part, joined)
    added = [c for c in joined.columns if c not in rows.columns]
    return joined.mutate(**{name: truth}).drop(*added)


def related_rows(view: AsOf, part: Related, *, runner: Runner, needed_by: str, time_zone: str) -> ir.Table:
    """Related records that meet `part.where` and have a value: _id, _key (the account or contact), _of (`part.of`)."""
    owner, _, table = part.related.partition(".")
    return _kept(view, part, owner, table, runner=runner, needed_by=needed_by, time_zone=time_zone).rows


def _kept(
    view: AsOf, part: Related, owner: str, table: str, *, runner: Runner, needed_by: str, time_zone: str
) -> _Kept:
    declared = TABLES[table]
    tests = [t for t in walk(part.where) if isinstance(t, FieldTest)]
    refs = {t.field: table_field(t.field, declared) for t in tests}
    measured = table_field(part.of, declared) if part.of else None
    if measured is not None and measured.nature not in (Nature.NUMBER, Nature.PROPERTY):
        raise DefinitionError("Only numbers are summed and compared.", where=part.related, received=part.of)
    keys = ["account_id"] if table == "contacts" else ["account_id", "contact_id"]
    wanted = dict.fromkeys((*keys, *(read_column(r) for r in (*refs.values(), *([measured] if measured else [])))))
    found = view.table(table, needed_by=needed_by, columns=list(wanted))
    if table != "contacts" and owner == "account":
        found = by_account(found, view, own_first=True, needed_by=needed_by).rename(_key="subject_id")
    else:
        found = found.mutate(_key=found[f"{owner}_id"])
    found = found.mutate(_of=_number(found, measured))
    if part.where is not None:
        found = _filtered(found, part.where, tests, refs, view, runner, time_zone)
    found = found.filter(found._key.notnull())
    if measured is not None:
        found = found.filter(found._of.notnull())
    return _Kept(found.select("_key", "_of", _id="id"))


def _number(rows: ir.Table, measured: FieldRef | None) -> ir.Value:
    if measured is None:
        return ibis.literal(1, type="int64")
    value = value_of(rows[read_column(measured)], measured)
    return value.try_cast("float64") if measured.nature is Nature.PROPERTY else value


def _filtered(
    rows: ir.Table,
    where: Condition,
    tests: list[FieldTest],
    refs: dict[str, FieldRef],
    view: AsOf,
    runner: Runner,
    time_zone: str,
) -> ir.Table:
    names = {id(test): f"_w{position}" for position, test in enumerate(tests)}
    for position, (path, ref) in enumerate(refs.items()):
        rows = rows.mutate(**{f"_v{position}": value_of(rows[read_column(ref)], ref)})
        own = [test for test in tests if test.field == path]
        for test in own:
            check(test, ref)
        texts = {names[id(test)]: test for test in own if is_text_test(test, ref)}
        if texts:
            values = distinct_texts(rows, f"_v{position}", runner)
            rows = with_text_columns(rows, f"_v{position}", values=values, tests=texts, maps={})
        others = {
            names[id(test)]: column_test(test, rows[f"_v{position}"], ref, as_of=view.at, time_zone=time_zone)
            for test in own
            if not is_text_test(test, ref)
        }
        rows = rows.mutate(**others)
    return rows.filter(fires(expression(where, lambda test: rows[names[id(test)]])))


def _aggregates(part: Related, rows: ir.Table) -> dict[str, ir.Value]:
    if part.measure in (Measure.SUM, Measure.MEAN):
        return {"_sum": rows._of.sum()}
    if part.measure in (Measure.MIN, Measure.MAX):
        sign = 1 if part.measure is Measure.MIN else -1
        return {"_two": (rows._of * sign).collect().sort()[:2]}
    return {}


def _truth(part: Related, rows: ir.Table) -> ir.BooleanValue:
    mine = rows._own_id.notnull()
    count = ibis.coalesce(rows._n, 0) - ibis.ifelse(mine, 1, 0)
    if part.measure is Measure.ANY:
        return count > 0
    if part.measure is Measure.COUNT:
        return number_test(part.test, part.operand, count)
    if part.measure in (Measure.MIN, Measure.MAX):
        sign = 1 if part.measure is Measure.MIN else -1
        first = ibis.ifelse(mine & (rows._two[0] == rows._own * sign), rows._two[1], rows._two[0])
        value = ibis.ifelse(count > 0, first * sign, ibis.null(first.type()))
        return number_test(part.test, part.operand, value)
    total = ibis.coalesce(rows._sum, 0) - ibis.ifelse(mine, rows._own, 0)
    if part.measure is Measure.SUM:
        return number_test(part.test, part.operand, total)
    return ibis.ifelse(count > 0, _mean_test(part.test, part.operand, total, count), ibis.null("boolean"))


def _mean_test(test: str, operand: Any, total: ir.NumericValue, count: ir.IntegerValue) -> ir.BooleanValue:
    """mean against a bound, as sum against bound x count."""
    if test == "between":
        low, high = operand
        parts = [_mean_test("at_least", low, total, count)] if low is not None else []
        parts += [_mean_test("at_most", high, total, count)] if high is not None else []
        return parts[0] & parts[-1] if parts else count > 0
    if total.type().is_floating():
        bound = ibis.literal(float(operand), type="float64") * count
    else:
        product = ibis.literal(operand, type="decimal(18, 6)") * count.cast("decimal(18, 6)")
        bound = product.cast("decimal(38, 6)")
        total = total.cast("decimal(38, 6)")
    compare = {"at_least": total >= bound, "at_most": total <= bound, "above": total > bound, "below": total < bound}
    return compare[test]
