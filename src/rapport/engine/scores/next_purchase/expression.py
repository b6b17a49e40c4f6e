"""The best offer of each customer: what it has, what the model says of it, and which offer comes first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from scipy import sparse

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import micro
from rapport.engine.scores.exact import Whole
from rapport.engine.scores.next_purchase.best_time import with_best_time
from rapport.engine.scores.next_purchase.model import Model
from rapport.engine.scores.next_purchase.purchases import bought, index_of, lines, missing_tables
from rapport.engine.scores.next_purchase.spec import NextPurchaseDefinition
from rapport.engine.scores.subject_rows import LEFT_OUT, standing

NO_PURCHASE = "no purchase in its history"
NOTHING_TO_OFFER = "nothing to offer"
NOTHING_LEARNT = "no purchases to learn from"
_OFTEN = 1 << 20  # more often than anything is bought, so that thing and times go into one number
_AT_ONCE = 4_096
_INT = pa.int64()


@dataclass(frozen=True)
class NextPurchases:
    """A definition and its model bound to a view. Attributes: subjects, subject_id; only these, None for all."""

    definition: NextPurchaseDefinition
    view: AsOf
    runner: Runner
    model: Model | None
    subjects: ir.Table | None = None

    @cached_property
    def had(self) -> ir.Table:
        """One row per customer with a purchase in its history: subject_id, codes (thing x _OFTEN + times, each)."""
        assert self.model is not None
        rows = lines(self.definition, self.view)
        if self.subjects is not None:
            asked = self.subjects.select(_asked=self.subjects.subject_id).distinct()
            rows = rows.semi_join(asked, rows.subject_id == asked["_asked"])
        index = index_of(list(self.model.things), self.runner)
        told = bought(rows, self.definition, self.view.at, index, runner=self.runner)
        told = told.filter(told.had > 0)
        codes = told.mutate(code=told.thing * _OFTEN + told.had)
        return codes.group_by("subject_id").aggregate(codes=codes.code.collect())

    @cached_property
    def offers(self) -> ir.Table:
        """One row per customer with a purchase: subject_id, micro and offer (null where nothing is to be offered)."""
        model, definition = self.model, self.definition
        assert model is not None
        schema = pa.schema([("subject_id", pa.string()), ("micro", _INT), ("offer", pa.string())])
        names = np.array(model.more["names"], dtype=object)

        def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
            had = had_of(batch["codes"].to_pylist(), len(model.things))
            best, value = best_offers(model, definition, had)
            known = best >= 0
            offer = pa.array(names[np.maximum(best, 0)], pa.string(), mask=~known)
            columns = [batch["subject_id"], pa.array(value, _INT, mask=~known), offer]
            return pa.RecordBatch.from_arrays(columns, schema=schema)

        return self.runner.map_batches(self.had, apply, schema)

    def rows(self) -> ir.Table:
        """One row per subject: subject_id, micro, matrix (the offer), reason_null, best_time."""
        rows = standing(self.definition, self.view, self.subjects)
        if missing := missing_tables(self.view):
            rows = _without(rows, f"{', '.join(missing)} not mapped")
        elif self.model is None:
            rows = _without(rows, NOTHING_LEARNT)
        else:
            rows = rows.left_join(self.offers.rename(_who="subject_id"), [("subject_id", "_who")]).mutate()
            why = ibis.ifelse(rows["_who"].isnull(), NO_PURCHASE, NOTHING_TO_OFFER)
            counted = rows[LEFT_OUT].isnull()
            rows = rows.select(
                "subject_id",
                micro=ibis.ifelse(counted, rows.micro, ibis.null("int64")),
                matrix=rows.offer,
                reason_null=ibis.coalesce(rows[LEFT_OUT], why),
            )
        hours = self.model.more.get("hours") if self.model else None
        return with_best_time(rows, self.definition, self.view, hours, runner=self.runner, subjects=self.subjects)


def had_of(codes: list[list[int]], size: int) -> sparse.csr_array:
    """How often each customer had each thing."""
    lengths = [len(one) for one in codes]
    flat = np.array([code for one in codes for code in sorted(one)], dtype=np.int64)
    who = np.repeat(np.arange(len(codes)), lengths)
    return sparse.csr_array((flat % _OFTEN, (who, flat // _OFTEN)), shape=(len(codes), size), dtype=np.int64)


def best_offers(model: Model, definition: NextPurchaseDefinition, had: sparse.csr_array) -> tuple[Whole, Whole]:
    """The number of each customer's best offer (-1 for none) and its value in micro-points."""
    found = [_best(model, definition, had[start : start + _AT_ONCE]) for start in range(0, had.shape[0], _AT_ONCE)]
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([best for best, _ in found]), np.concatenate([value for _, value in found])


def values(model: Model, definition: NextPurchaseDefinition, had: sparse.csr_array) -> Whole:
    """The value of each offer to each customer in micro-points, -1 where it is not to be offered."""
    chances = model.chances(had)
    worth = model.worth(chances) if definition.value == "expected_value" else chances
    bounded = np.minimum(worth, micro(definition.range.max))
    return np.where(model.offered(had, upgrade=definition.goal == "up_sell"), bounded, -1)


def _best(model: Model, definition: NextPurchaseDefinition, had: sparse.csr_array) -> tuple[Whole, Whole]:
    worth = values(model, definition, had)
    best = worth.argmax(axis=1)
    value = worth[np.arange(len(best)), best]
    return np.where(value >= 0, best, -1), np.maximum(value, 0)


def _without(rows: ir.Table, reason: str) -> ir.Table:
    return rows.select(
        "subject_id",
        micro=ibis.null("int64"),
        matrix=ibis.null("string"),
        reason_null=ibis.coalesce(rows[LEFT_OUT], ibis.literal(reason)),
    )
