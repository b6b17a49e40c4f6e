"""The predictive score as a kind: learns, scores, explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.narrowed import FEW, narrowed
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import band_label
from rapport.engine.scores.conversion.explain import explanation
from rapport.engine.scores.conversion.fit import fingerprint
from rapport.engine.scores.conversion.gate import refitted
from rapport.engine.scores.conversion.groups import groups
from rapport.engine.scores.conversion.model import ConversionModel, model_of
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.conversion.standing import standing
from rapport.engine.scores.conversion.table import SCORED, Scorer
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.features.frame import feature_frame
from rapport.engine.scores.population import FittedModel, PopulationRun, points_of, population_run, with_percentile
from rapport.engine.scores.subject_rows import asked_for

_BASE = ("subject_id", "value", "fit", "engagement", "matrix", "band", "percentile", "reason_null")
_COLUMNS = (*_BASE, "low", "high", "probability")


class ConversionKind:
    """The chance of the outcome, learnt from past cut-offs."""

    learns = True

    def score(
        self,
        definition: ConversionDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; value in percent, low and high its 90 % interval, probability in 0..1.

        Parameters: run, whose model and ranks count; None learns at the view's instant.
        """
        run = run or self.population(definition, view, runner=runner)
        near, rows = view, subjects
        if subjects is not None:
            few = runner.to_arrow(subjects.select("subject_id").distinct().limit(FEW + 1))["subject_id"].to_pylist()
            near = narrowed(view, definition.subject, few, runner=runner)
        scored = _scored(definition, near, _model(run), runner, rows)
        return with_percentile(_labelled(definition, scored), run=run, runner=runner).select(*_COLUMNS)

    def population(
        self, definition: ConversionDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects, with the model in force: the one before while it is young, or a new one."""
        model = _in_force(definition, view, runner, before)
        rows = _scored(definition, view, model_of(model.text), runner, None)
        return population_run(
            _labelled(definition, rows), score=definition.name, as_of=view.at, runner=runner, model=model
        )

    def explain(
        self,
        definition: ConversionDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few subjects, by the run's model; those that do not stand are left out."""
        run = run or self.population(definition, view, runner=runner)
        model = _model(run)
        near = narrowed(view, definition.subject, list(subject_ids), runner=runner)
        asked = asked_for(dict.fromkeys(subject_ids), runner)
        rows = runner.to_arrow(_framed(definition, near, model, runner, asked))
        layout = model.layout(definition.subject)
        features = layout.read(rows)
        found = {}
        for position, row in enumerate(rows.select(["subject_id", "left_out", "group_name"]).to_pylist()):
            one = features.take(pa.array([position]).to_numpy())
            found[row["subject_id"]] = explanation(model, one, group=row["group_name"], left_out=row["left_out"])
        return found


def _model(run: PopulationRun) -> ConversionModel:
    if run.model is None:
        return ConversionModel(outcome="", definition="", reason_null="no model yet")
    return model_of(run.model.text)


def _in_force(
    definition: ConversionDefinition, view: AsOf, runner: Runner, before: PopulationRun | None
) -> FittedModel:
    """The model of the run before while it is young and of the same definition; else what the gate lets through."""
    old = before.model if before is not None else None
    same = old is not None and model_of(old.text).definition == fingerprint(definition)
    if old is not None and same and view.at - old.checked_at < timedelta(days=definition.refit_days):
        return old
    return refitted(definition, view, runner=runner, old=old if same else None)


def _framed(
    definition: ConversionDefinition, view: AsOf, model: ConversionModel, runner: Runner, subjects: ir.Table | None
) -> ir.Table:
    """subject_id, left_out, group_name and the frame's columns, one row per subject that stands."""
    zone = definition.time_zone or view.snapshot.time_zone
    layout = model.layout(definition.subject)
    rows = standing(definition, view, runner=runner, subjects=subjects)
    frame = feature_frame(view, definition.subject, layout, time_zone=zone, runner=runner, subjects=subjects)
    rows = rows.left_join(frame.rename(_framed="subject_id"), [("subject_id", "_framed")]).mutate().drop("_framed")
    told = groups(definition, view, runner=runner, subjects=subjects)
    if told is None:
        return rows.mutate(group_name=ibis.null("string"))
    return rows.left_join(told.rename(_grouped="subject_id"), [("subject_id", "_grouped")]).mutate().drop("_grouped")


def _scored(
    definition: ConversionDefinition, view: AsOf, model: ConversionModel, runner: Runner, subjects: ir.Table | None
) -> ir.Table:
    """One row per subject: the columns of `SCORED`."""
    if model.predictor is None or model.reason_null is not None:
        rows = standing(definition, view, runner=runner, subjects=subjects)
        nothing = {name: ibis.null("float64" if name == "probability" else "int64") for name in SCORED.names[1:5]}
        return rows.select("subject_id", **nothing, reason_null=ibis.coalesce(rows.left_out, model.reason_null or ""))
    scorer = Scorer(model.to_json(), model.layout(definition.subject))
    return runner.map_batches(_framed(definition, view, model, runner, subjects), scorer, SCORED)


def _labelled(definition: ConversionDefinition, rows: ir.Table) -> ir.Table:
    nothing = ibis.null("decimal(18, 6)")
    return rows.mutate(
        value=points_of(rows.micro),
        low=points_of(rows.low_micro),
        high=points_of(rows.high_micro),
        fit=nothing,
        engagement=nothing,
        matrix=ibis.null("string"),
        band=band_label(rows.micro, definition.bands),
    )
