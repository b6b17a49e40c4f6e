"""RFM as a kind of score: one row per subject, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.audience import with_audience
from rapport.engine.scores.bands import band_label
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.population import CutPoints, PopulationRun, points_of, population_run, with_percentile
from rapport.engine.scores.rfm.explain import explanation
from rapport.engine.scores.rfm.expression import NO_AMOUNT, NO_POPULATION, NO_PURCHASE, cut_points, measures, scored
from rapport.engine.scores.rfm.spec import MEASURES, RfmDefinition

NOT_MAPPED = "not mapped"
NOBODY = CutPoints(points=(), counts=(0,))

_TABLES = {"contact": "contacts", "account": "accounts"}
_COLUMNS = ("subject_id", "value", "fit", "engagement", "matrix", "band", "percentile", "reason_null")
_NEEDED_BY = "an RFM score"


class RfmKind:
    """Scores and explains by `RfmDefinition`."""

    learns = False

    def score(
        self,
        definition: RfmDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; `matrix` is the named segment, `fit` and `engagement` are null.

        Parameters: run, whose cut points and ranks count; None makes it of all subjects.
        """
        if run is None and subjects is not None:
            run = self.population(definition, view, runner=runner)
        if not view.has(definition.purchases):
            rows = _not_mapped(definition, view, subjects)
        elif run is None:
            rows = _rows(definition, view, *_population(definition, view, runner), None)
        else:
            bought = measures(definition, view, subjects=subjects)
            rows = _rows(definition, view, bought, run.cut_points, subjects)
        labelled = _labelled(definition, rows)
        return with_percentile(labelled, run=run, runner=runner).select(*_COLUMNS)

    def population(
        self, definition: RfmDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects at the view's instant: cut points and the distribution of values."""
        if not view.has(definition.purchases):
            rows, cuts = _not_mapped(definition, view, None), dict.fromkeys(MEASURES, NOBODY)
        else:
            customers, cuts = _population(definition, view, runner)
            rows = _rows(definition, view, customers, cuts, None)
        return population_run(rows, score=definition.name, as_of=view.at, runner=runner, cut_points=cuts)

    def explain(
        self,
        definition: RfmDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few subjects; those that do not stand are left out."""
        run = run or self.population(definition, view, runner=runner)
        cuts = run.cut_points
        subjects = runner.from_arrow(pa.table({"subject_id": pa.array(list(subject_ids), pa.string())}))
        if not view.has(definition.purchases):
            rows = _not_mapped(definition, view, subjects)
        else:
            rows = _rows(definition, view, measures(definition, view, subjects=subjects), cuts, subjects)
        currency = view.snapshot.currency
        return {
            row["subject_id"]: explanation(definition, row, cuts, currency=currency)
            for row in runner.to_arrow(rows).to_pylist()
        }


def _population(definition: RfmDefinition, view: AsOf, runner: Runner) -> tuple[ir.Table, dict[str, CutPoints]]:
    """Measures of everyone who stands at the instant, computed once, and their cut points."""
    bought = measures(definition, view)
    standing = (
        _standing(definition, view, None).filter(lambda t: t["_left_out"].isnull()).select(_standing="subject_id")
    )
    customers = runner.cache(bought.semi_join(standing, bought.subject_id == standing["_standing"]))
    return customers, cut_points(definition, customers, runner=runner)


def _standing(definition: RfmDefinition, view: AsOf, subjects: ir.Table | None) -> ir.Table:
    """Subjects at the instant: subject_id and _left_out (why it is not scored, or null). `subjects`, only these."""
    rows = view.table(_TABLES[definition.subject], needed_by=_NEEDED_BY, columns=["id"])
    rows = rows.select(subject_id=rows.id)
    if subjects is not None:
        asked = subjects.select(_asked=subjects.subject_id).distinct()
        rows = rows.semi_join(asked, rows.subject_id == asked["_asked"])
    return with_audience(rows, definition, view, name="_left_out")


def _rows(
    definition: RfmDefinition,
    view: AsOf,
    customers: ir.Table,
    cuts: Mapping[str, CutPoints],
    subjects: ir.Table | None,
) -> ir.Table:
    """One row per subject: subject_id, the columns of `scored` and reason_null."""
    bought = scored(definition, customers, cuts).rename(_buyer="subject_id")
    joined = _standing(definition, view, subjects).left_join(bought, [("subject_id", "_buyer")])
    reason = ibis.cases(
        (joined["_left_out"].notnull(), joined["_left_out"]),
        (joined.micro.notnull(), ibis.null().cast("string")),
        (joined["_buyer"].isnull(), NO_PURCHASE),
        (joined.recency.isnull() | joined.frequency.isnull(), NO_POPULATION),
        else_=NO_AMOUNT,
    )
    counted = joined["_left_out"].isnull()
    micro = ibis.ifelse(counted, joined.micro, ibis.null())
    return joined.mutate(reason_null=reason, micro=micro).drop("_buyer", "_left_out")


def _not_mapped(definition: RfmDefinition, view: AsOf, subjects: ir.Table | None) -> ir.Table:
    """One row per subject without a value, because the table of purchases is not there."""
    rows = _standing(definition, view, subjects)
    return rows.select(
        "subject_id",
        micro=ibis.null().cast("int64"),
        segment=ibis.null().cast("string"),
        reason_null=ibis.literal(f"{definition.purchases} {NOT_MAPPED}"),
    )


def _labelled(definition: RfmDefinition, rows: ir.Table) -> ir.Table:
    """The columns of every score but the percentile, and `micro`."""
    nothing = ibis.null().cast("decimal(18, 6)")
    return rows.select(
        "subject_id",
        "micro",
        value=points_of(rows.micro),
        fit=nothing,
        engagement=nothing,
        matrix=ibis.ifelse(rows.micro.notnull(), rows.segment, ibis.null()),
        band=band_label(rows.micro, definition.bands),
        reason_null=rows.reason_null,
    )
