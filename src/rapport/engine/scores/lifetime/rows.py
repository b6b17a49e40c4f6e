"""One row per subject with its figures and why it has none: what lifetime and churn scores share."""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.contract_measures import contract_figures
from rapport.engine.scores.lifetime.fitted import Fitted
from rapport.engine.scores.lifetime.histories import HISTORY, histories, split_histories
from rapport.engine.scores.lifetime.learn import learn, settings_of
from rapport.engine.scores.lifetime.learn_terms import learn_terms
from rapport.engine.scores.lifetime.measures import SCHEMA, purchase_figures, question_of
from rapport.engine.scores.lifetime.silence import silence_calibrator
from rapport.engine.scores.lifetime.spec import CustomerDefinition
from rapport.engine.scores.lifetime.terms import terms, usual_term_months
from rapport.engine.scores.population import FittedModel, PopulationRun
from rapport.engine.scores.subject_rows import LEFT_OUT, standing

NO_PURCHASE, NO_CONTRACT = "no purchase", "no running contract"
NOT_FITTED = "no customers to learn from: the first purchases or contracts are missing"
_UNKNOWN_AMOUNT = -1


def fitted_model(
    definition: CustomerDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
) -> FittedModel | None:
    """What all customers of the audience teach; the model of `before` while it is young and fits the definition."""
    kept = before.model if before is not None else None
    if kept is not None and _holds(kept, definition, view):
        return kept
    if not view.has(definition.purchases):
        return None
    fitted = _learnt(definition, view, runner)
    return FittedModel(fitted_at=view.at, checked_at=view.at, text=fitted.to_json()) if fitted else None


def _holds(model: FittedModel, definition: CustomerDefinition, view: AsOf) -> bool:
    young = (view.at - model.fitted_at).total_seconds() < definition.refit_days * 86_400
    return young and Fitted.from_json(model.text).settings == settings_of(definition)


def _learnt(definition: CustomerDefinition, view: AsOf, runner: Runner) -> Fitted | None:
    if definition.by_contract:
        zone = definition.time_zone or view.snapshot.time_zone
        months = definition.renewal_months or usual_term_months(
            view, needed_by=f"the score {definition.name}", time_zone=zone, runner=runner
        )
        rows = runner.cache(of_audience(terms(definition, view, renewal_months=months), definition, view))
        return learn_terms(definition, rows, renewal_months=months, runner=runner)
    rows = runner.cache(of_audience(histories(definition, view), definition, view))

    def split(days: int) -> ir.Table:
        return of_audience(split_histories(definition, view, days=days), definition, view)

    fitted = learn(definition, rows, split=split, runner=runner)
    if fitted is None or not definition.tells_silence or definition.opportunity_days is not None:
        return fitted
    name = fitted.everyone.known.model.name
    checked = silence_calibrator(name, horizon_days=definition.horizon_days, split=split, runner=runner)
    return replace(fitted, calibrator=checked)


def of_audience(rows: ir.Table, definition: CustomerDefinition, view: AsOf) -> ir.Table:
    scored = standing(definition, view, None)
    scored = scored.filter(scored[LEFT_OUT].isnull()).select(_standing=scored.subject_id)
    return rows.semi_join(scored, rows.subject_id == scored["_standing"])


def subject_rows(
    definition: CustomerDefinition,
    view: AsOf,
    model: FittedModel | None,
    *,
    measure: str,
    runner: Runner,
    subjects: ir.Table | None,
) -> ir.Table:
    """One row per subject that stands: subject_id, the columns of `measures.SCHEMA` and reason_null."""
    everyone = standing(definition, view, subjects)
    if not view.has(definition.purchases):
        return _without(everyone, f"{definition.purchases} not mapped")
    if model is None:
        return _without(everyone, NOT_FITTED)
    told = figures(definition, view, model, measure=measure, runner=runner, subjects=subjects)
    joined = everyone.left_join(told.rename(_customer="subject_id"), [("subject_id", "_customer")])
    joined = joined.mutate(_has=joined["_customer"].notnull())
    nothing = NO_CONTRACT if definition.by_contract else NO_PURCHASE
    reason = ibis.cases((joined[LEFT_OUT].notnull(), joined[LEFT_OUT]), (~joined["_has"], nothing), else_=joined.reason)
    scored = joined[LEFT_OUT].isnull()
    emptied = {name: ibis.ifelse(scored, joined[name], ibis.null()) for name in SCHEMA.names if name != "subject_id"}
    return joined.mutate(**emptied, reason_null=reason).drop("_customer", "_has", LEFT_OUT, "reason")


def figures(
    definition: CustomerDefinition,
    view: AsOf,
    model: FittedModel,
    *,
    measure: str,
    runner: Runner,
    subjects: ir.Table | None,
) -> ir.Table:
    """One row per customer (`measures.SCHEMA`), as known at the view's instant, by a model fitted then or before."""
    question = question_of(definition, measure)
    if definition.by_contract:
        rows = running_contracts(definition, view, Fitted.from_json(model.text), subjects=subjects)
        return runner.map_batches(rows, contract_figures(model.text, question), SCHEMA)
    rows = histories(definition, view, subjects=subjects).select(*HISTORY)
    return runner.map_batches(rows, purchase_figures(model.text, question), SCHEMA)


def running_contracts(
    definition: CustomerDefinition, view: AsOf, fitted: Fitted, *, subjects: ir.Table | None
) -> ir.Table:
    """One row per customer with a running contract: subject_id, contracts (a list of those that run)."""
    rows = terms(definition, view, renewal_months=fitted.renewal_months or 1, subjects=subjects)
    rows = rows.filter(rows.running)
    each = ibis.struct(
        {
            "cohort": rows.cohort.fill_null(""),
            "renewals": rows.renewals.cast("int64"),
            "age_days": rows.age_days.cast("int64"),
            "monthly": rows.monthly.fill_null(_UNKNOWN_AMOUNT).cast("int64"),
        }
    )
    told = rows.select("subject_id", contract=each)
    return told.group_by("subject_id").aggregate(contracts=told.contract.collect())


def _without(everyone: ir.Table, reason: str) -> ir.Table:
    """Every subject without a figure, for one reason; who is left out has its own."""
    types = {"int64": "int64", "double": "float64", "string": "string"}
    nothing = {f.name: ibis.null(types[str(f.type)]) for f in SCHEMA if f.name not in ("subject_id", "reason")}
    told = everyone.mutate(**nothing, reason_null=ibis.coalesce(everyone[LEFT_OUT], ibis.literal(reason)))
    return told.drop(LEFT_OUT)
