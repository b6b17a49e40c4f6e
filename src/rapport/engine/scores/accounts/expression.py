"""An account's score: contacts' scores, what each counts, and the sums over each account."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.crm.conditions.logic import expression, fires
from rapport.engine.crm.conditions.subject_conditions import conditioned, key_of, paths_of
from rapport.engine.scores.accounts.contributions import account_totals, by_place, counted
from rapport.engine.scores.accounts.members import directly_below, members, with_age
from rapport.engine.scores.accounts.spec import AccountsDefinition
from rapport.engine.scores.bands import band_label, micro
from rapport.engine.scores.composed import ComposedRows
from rapport.engine.scores.exact import Whole, half_even, scaled
from rapport.engine.scores.parts import part_scores
from rapport.engine.scores.subject_rows import LEFT_OUT, standing

NO_CONTACT = "no contact with a score"
_INT = pa.int64()


@dataclass(frozen=True)
class Accounts(ComposedRows[AccountsDefinition]):
    """A definition bound to a view."""

    @cached_property
    def membership(self) -> ir.Table:
        """account_id, contact_id, via_id of the accounts asked for (and of those averaged for them)."""
        rows = members(
            self.view,
            runner=self.runner,
            needed_by=self.needed_by,
            of_children=self.definition.children == "members",
        )
        return rows if self.asked is None else rows.semi_join(self.asked, rows.account_id == self.asked.subject_id)

    @cached_property
    def asked(self) -> ir.Table | None:
        """subject_id of the accounts that must be computed; None for all."""
        if self.subjects is None:
            return None
        rows = self.subjects.select("subject_id").distinct()
        if self.definition.children == "average":
            children = self.children.semi_join(rows, self.children.above_id == rows.subject_id)
            rows = rows.union(children.select(subject_id="below_id")).distinct()
        return self.runner.cache(rows)

    @cached_property
    def children(self) -> ir.Table:
        """Accounts with the one directly above: below_id, above_id."""
        return directly_below(self.view, needed_by=self.needed_by)

    @cached_property
    def contacts(self) -> ir.Table:
        """One row per contact with a value: contact_id, score, weight (hundredths), age, whole (what it counts before
        its place), and in_<i> (1 where it is engaged in role i). `whole` is null where only the roles' score is known.
        """
        wanted = self.membership.select(subject_id="contact_id").distinct()
        wanted = None if self.subjects is None else self.runner.cache(wanted)
        rows = self._with_scores(self._told(wanted), wanted)
        if self.definition.roll_up.decay is not None:
            rows = with_age(rows, self.view, time_zone=self.time_zone, needed_by=self.needed_by)
        else:
            rows = rows.mutate(age=ibis.literal(0, type="int64"))
        roles = [c for c in rows.columns if c.startswith("in_")]
        rows = rows.select("contact_id", "score", "weight", "age", *roles)
        schema = pa.schema(
            [("contact_id", pa.string()), *((c, _INT) for c in ("score", "weight", "age", *roles, "whole"))]
        )
        decay = self.definition.roll_up.decay

        def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
            known = ~_nulls(batch["score"])
            ages = _numbers(batch["age"]) if decay is not None else None
            points = counted(_numbers(batch["score"]), _numbers(batch["weight"]), ages, decay)
            columns = [*batch.columns, pa.array(points, _INT, mask=~known)]
            return pa.RecordBatch.from_arrays([pa.array(c) for c in columns], schema=schema)

        return self.runner.map_batches(rows, apply, schema)

    def _told(self, wanted: ir.Table | None) -> ir.Table:
        """Contacts with weight (hundredths) and role_<i> (whether they play it)."""
        roll_up, group = self.definition.roll_up, self.definition.buying_group
        conditions = self.definition.contact_conditions
        frame = subject_frame(self.view, "contact", paths_of(conditions), needed_by=self.needed_by, subjects=wanted)
        told = conditioned(
            frame, conditions, self.view, runner=self.runner, needed_by=self.needed_by, time_zone=self.time_zone
        )
        rows = told.rows

        def true(condition: Any) -> ir.BooleanValue:
            return fires(expression(condition, lambda part: rows[told.names[key_of(part)]]))

        weights = [(true(one.when), ibis.literal(scaled(one.weight, 2), type="int64")) for one in roll_up.weights]
        usual = ibis.literal(scaled(roll_up.otherwise, 2), type="int64")
        weight = ibis.cases(*weights, else_=usual) if weights else usual
        roles = {f"role_{i}": true(role.when) for i, role in enumerate(group.roles)} if group else {}
        return self.runner.cache(rows.select(contact_id="subject_id", weight=weight, **roles))

    def _with_scores(self, told: ir.Table, wanted: ir.Table | None) -> ir.Table:
        rolled = self._part(self.definition.roll_up.score, wanted)
        rows = told.left_join(rolled, [("contact_id", "part_id")]).mutate().drop("part_id")
        rows = rows.rename(score="part_micro").drop("part_percentile", "part_reason")
        group = self.definition.buying_group
        if group is None:
            return rows
        if group.score != self.definition.roll_up.score:
            other = self._part(group.score, wanted).select(_role_id="part_id", _role_micro="part_micro")
            rows = rows.left_join(other, [("contact_id", "_role_id")]).mutate().drop("_role_id")
        else:
            rows = rows.mutate(_role_micro=rows.score)
        engaged = (rows._role_micro >= micro(group.engaged_from)).fill_null(False)
        inside = {f"in_{i}": (engaged & rows[f"role_{i}"]).cast("int64") for i in range(len(group.roles))}
        return rows.mutate(**inside)

    def _part(self, name: str, subjects: ir.Table | None) -> ir.Table:
        return part_scores(
            self.definition,
            name,
            self.view,
            runner=self.runner,
            kinds=self.kinds,
            parts=self.parts,
            subjects=subjects,
        )

    @cached_property
    def placed(self) -> ir.Table:
        """One row per account and contact with a value: account_id, contact_id, via_id, score, weight, age, place (0
        the best, by what it counts, then by its id), whole, points (what it counts at its place)."""
        rows = self.membership.join(self.contacts, "contact_id").mutate()
        rows = rows.filter(rows.whole.notnull())
        order = [rows.whole.desc(), rows.contact_id]
        rows = rows.mutate(place=ibis.row_number().over(group_by=rows.account_id, order_by=order).cast("int64"))
        most, position = self.definition.roll_up.most, self.definition.roll_up.position
        if most is not None:
            rows = rows.filter(rows.place < most)
        rows = rows.select("account_id", "contact_id", "via_id", "score", "weight", "age", "place", "whole")
        if position is None:
            return self.runner.cache(rows.mutate(points=rows.whole))
        texts = [(c, pa.string()) for c in ("account_id", "contact_id", "via_id")]
        numbers = [(c, _INT) for c in ("score", "weight", "age", "place", "whole", "points")]
        schema, percent = pa.schema([*texts, *numbers]), position.percent

        def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
            points = by_place(_numbers(batch["whole"]), _numbers(batch["place"]), percent)
            return pa.RecordBatch.from_arrays([*batch.columns, pa.array(points, _INT)], schema=schema)

        return self.runner.map_batches(rows, apply, schema)

    @cached_property
    def totals(self) -> ir.Table:
        """One row per account: subject_id, reason_null and the columns of `account_totals`, of its own alone."""
        rows = self._gathered()
        names = [c for c in rows.columns if c not in ("subject_id", "reason")]
        texts = [("subject_id", pa.string()), ("reason", pa.string())]
        definition = self.definition
        made = list(account_totals(definition, {name: np.zeros(0, dtype=np.int64) for name in names}))
        schema = pa.schema([*texts, *((name, _INT) for name in (*names, *made))])

        def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
            columns = {name: _numbers(batch[name]) for name in names}
            found = account_totals(definition, columns)
            known = found["known"].astype(bool) & _nulls(batch["reason"])
            own = [pa.array(columns[name], _INT) for name in names]
            new = [pa.array(found[n].astype(np.int64), _INT, mask=~known if n == "micro" else None) for n in made]
            return pa.RecordBatch.from_arrays([batch["subject_id"], batch["reason"], *own, *new], schema=schema)

        return self.runner.map_batches(rows.select("subject_id", "reason", *names), apply, schema)

    def _gathered(self) -> ir.Table:
        """One row per account: subject_id, reason (why it is not scored), and what `account_totals` reads."""
        rows = standing(self.definition, self.view, self.asked)
        sums = self.placed.group_by(_of="account_id").aggregate(
            points=lambda t: t.points.sum().cast("int64"),
            weight=lambda t: t.weight.sum().cast("int64"),
            contacts=lambda t: t.count(),
        )
        rows = rows.left_join(sums, [("subject_id", "_of")]).mutate().drop("_of")
        group = self.definition.buying_group
        names = ["points", "weight", "contacts"]
        if group is not None:
            inside = self.membership.join(self.contacts, "contact_id").mutate()
            engaged = {f"engaged_{i}": inside[f"in_{i}"].sum().cast("int64") for i in range(len(group.roles))}
            rows = rows.left_join(inside.group_by(_in="account_id").aggregate(**engaged), [("subject_id", "_in")])
            rows = rows.mutate().drop("_in")
            names += list(engaged)
        rows = rows.mutate(reason=rows[LEFT_OUT], **{name: ibis.coalesce(rows[name], 0) for name in names})
        for position, own in enumerate(self.definition.add):
            rows = self._with_own(rows, position, own.score, own.missing)
            names += [f"own_{position}", f"own_{position}_known"]
        return rows.select("subject_id", "reason", *names)

    def _with_own(self, rows: ir.Table, position: int, name: str, missing: str) -> ir.Table:
        own = self._part(name, self.asked)
        joined = rows.left_join(own, [("subject_id", "part_id")]).mutate()
        found = {
            f"own_{position}": ibis.coalesce(joined.part_micro, 0),
            f"own_{position}_known": joined.part_micro.notnull().cast("int64"),
        }
        if missing == "null":
            why = ibis.ifelse(
                joined.part_micro.notnull(),
                ibis.null("string"),
                ibis.literal(f"{name}: ") + ibis.coalesce(joined.part_reason, ibis.literal("no value")),
            )
            found["reason"] = ibis.coalesce(joined.reason, why)
        return joined.mutate(**found).drop("part_id", "part_micro", "part_percentile", "part_reason")

    def rows(self) -> ir.Table:
        """One row per account asked for: subject_id, micro, fit_micro, engagement_micro, matrix, reason_null."""
        rows = self.totals
        rows = rows.mutate(
            fit_micro=rows.fit,
            engagement_micro=rows.engagement,
            matrix=self._matrix(rows),
            reason_null=ibis.coalesce(rows.reason, NO_CONTACT),
        )
        rows = rows.select("subject_id", "micro", "fit_micro", "engagement_micro", "matrix", "reason_null")
        if self.definition.children == "average":
            rows = self._averaged(rows)
        if self.subjects is None:
            return rows
        return rows.semi_join(self.subjects, rows.subject_id == self.subjects.subject_id)

    def _matrix(self, rows: ir.Table) -> ir.StringValue:
        group, matrix = self.definition.buying_group, self.definition.matrix
        if group is not None and group.labels:
            return band_label(rows.covered, group.labels)
        if matrix is None:
            return ibis.null("string")
        return band_label(rows.fit, matrix.fit) + band_label(rows.engagement, matrix.engagement)

    def _averaged(self, rows: ir.Table) -> ir.Table:
        """Accounts with accounts below that have a value get their mean; subtotals and label are emptied."""
        rows = self.runner.cache(rows)
        values = rows.filter(rows.micro.notnull()).select(_child="subject_id", _micro="micro")
        joined = self.children.join(values, [("below_id", "_child")]).mutate()
        sums = joined.group_by("above_id").aggregate(
            total=joined._micro.sum().cast("int64"), children=joined.count().cast("int64")
        )
        schema = pa.schema([("above_id", pa.string()), ("mean", _INT)])

        def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
            means = half_even(_numbers(batch["total"]), _numbers(batch["children"]))
            return pa.RecordBatch.from_arrays([batch["above_id"], pa.array(means, _INT)], schema=schema)

        means = self.runner.map_batches(sums.select("above_id", "total", "children"), apply, schema)
        found = rows.left_join(means, [("subject_id", "above_id")]).mutate()
        own = found["mean"].isnull()
        left_out = found.reason_null != NO_CONTACT
        emptied = {
            c: ibis.ifelse(own, found[c], ibis.null(found[c].type()))
            for c in ("fit_micro", "engagement_micro", "matrix")
        }
        value = ibis.ifelse(
            left_out & found.micro.isnull(), ibis.null("int64"), ibis.coalesce(found["mean"], found.micro)
        )
        return found.mutate(micro=value, **emptied).drop("above_id", "mean")


def _numbers(column: pa.Array) -> Whole:
    return np.asarray(column.fill_null(0).to_numpy(zero_copy_only=False)).astype(np.int64)


def _nulls(column: pa.Array) -> Whole:
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False))
