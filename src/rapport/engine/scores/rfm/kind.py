"""RFM as a kind of score: one row per subject, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.audience import with_audience
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.population import CutPoints, PopulationRun, population_run
from rapport.engine.scores.rfm.cells import occupied, placed, told
from rapport.engine.scores.rfm.explain import explanation
from rapport.engine.scores.rfm.expression import (
    NO_AMOUNT,
    NO_POPULATION,
    NO_PURCHASE,
    cut_points,
    measures,
    scored,
    weighed,
)
from rapport.engine.scores.rfm.spec import MEASURES, RfmDefinition
from rapport.engine.scores.subject_rows import LEFT_OUT, asked_for, finished, present

NOT_MAPPED = "not mapped"
NOBODY = CutPoints(points=(), counts=(0,))


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
        if run is None and subjects is None:
            return self.everyone(definition, view, runner=runner)[0]
        run = run or self.population(definition, view, runner=runner)
        if not view.has(definition.purchases):
            rows = _not_mapped(definition, view, subjects)
        else:
            bought = _with_measures(definition, view, subjects)
            rows = _rows(definition, bought, run.cut_points)
        return finished(definition, rows, run=run, runner=runner)

    def population(
        self, definition: RfmDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects at the view's instant: cut points and the distribution of values."""
        return self.everyone(definition, view, runner=runner)[1]

    def everyone(
        self, definition: RfmDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> tuple[ir.Table, PopulationRun]:
        """`score` of all subjects and the run they are ranked in, with their purchases read once."""
        if not view.has(definition.purchases):
            return _nobody(definition, view, runner)
        # what follows from no audience is no column to be kept
        bought = runner.cache(measures(definition, view, present(definition, view, None)))
        bought = with_audience(bought, definition, view, name=LEFT_OUT)
        bought = runner.cache(bought) if definition.audience.include or definition.audience.exclude else bought
        counted = bought.filter(bought.purchase_count.notnull() & bought[LEFT_OUT].isnull())
        cuts = cut_points(definition, counted, runner=runner)
        customers = placed(bought, cuts)
        cells = runner.cache(occupied(customers))
        rows = _reasoned(weighed(definition, cells.mutate(subject_id=cells.cell.cast("string"))))
        run = population_run(
            rows, score=definition.name, as_of=view.at, runner=runner, cut_points=cuts, members="members"
        )
        of_cells = finished(definition, rows, run=run, runner=runner, members=True, more=("cell",))
        return told(customers, runner.cache(of_cells)), run

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
        subjects = asked_for(subject_ids, runner)
        if not view.has(definition.purchases):
            rows = _not_mapped(definition, view, subjects)
        else:
            rows = _rows(definition, _with_measures(definition, view, subjects), cuts)
        currency = view.snapshot.currency
        return {
            row["subject_id"]: explanation(definition, row, cuts, currency=currency)
            for row in runner.to_arrow(rows).to_pylist()
        }


def _with_measures(definition: RfmDefinition, view: AsOf, subjects: ir.Table | None) -> ir.Table:
    """One row per subject at the instant: its `measures` and _left_out (why it is not scored, or null)."""
    bought = measures(definition, view, present(definition, view, subjects), only=subjects is not None)
    return with_audience(bought, definition, view, name=LEFT_OUT)


def _rows(definition: RfmDefinition, bought: ir.Table, cuts: Mapping[str, CutPoints]) -> ir.Table:
    """One row per subject of `_with_measures`: subject_id, the columns of `scored` and reason_null."""
    return _reasoned(scored(definition, bought, cuts))


def _reasoned(rows: ir.Table) -> ir.Table:
    """Rows of `weighed` with reason_null and matrix; micro is emptied where somebody is left out."""
    reason = ibis.cases(
        (rows[LEFT_OUT].notnull(), rows[LEFT_OUT]),
        (rows.micro.notnull(), ibis.null().cast("string")),
        (rows.purchase_count.isnull(), NO_PURCHASE),
        (rows.recency.isnull() | rows.frequency.isnull(), NO_POPULATION),
        else_=NO_AMOUNT,
    )
    micro = ibis.ifelse(rows[LEFT_OUT].isnull(), rows.micro, ibis.null())
    return rows.mutate(reason_null=reason, micro=micro, matrix=rows.segment).drop(LEFT_OUT)


def _nobody(definition: RfmDefinition, view: AsOf, runner: Runner) -> tuple[ir.Table, PopulationRun]:
    """`everyone` where the table of purchases is not there."""
    rows, cuts = _not_mapped(definition, view, None), dict.fromkeys(MEASURES, NOBODY)
    run = population_run(rows, score=definition.name, as_of=view.at, runner=runner, cut_points=cuts)
    return finished(definition, rows, run=run, runner=runner, members=True), run


def _not_mapped(definition: RfmDefinition, view: AsOf, subjects: ir.Table | None) -> ir.Table:
    """One row per subject without a value, because the table of purchases is not there."""
    rows = present(definition, view, subjects)
    return rows.select(
        "subject_id",
        micro=ibis.null().cast("int64"),
        segment=ibis.null().cast("string"),
        reason_null=ibis.literal(f"{definition.purchases} {NOT_MAPPED}"),
    )
