"""The reasons of a lifetime or churn score: from the customer of average history to this one, adding up exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.lifetime.contract_reasons import contract_parts
from rapport.engine.scores.lifetime.fitted import Fitted
from rapport.engine.scores.lifetime.histories import histories
from rapport.engine.scores.lifetime.measures import question_of
from rapport.engine.scores.lifetime.model_facts import model_facts, own_facts
from rapport.engine.scores.lifetime.purchase_reasons import Part, purchase_parts
from rapport.engine.scores.lifetime.rows import running_contracts, subject_rows
from rapport.engine.scores.lifetime.spec import CustomerDefinition
from rapport.engine.scores.population import PopulationRun
from rapport.engine.scores.subject_rows import asked_for

_MICRO = 1_000_000


def explanations(
    definition: CustomerDefinition,
    view: AsOf,
    run: PopulationRun,
    *,
    measure: str,
    subject_ids: Sequence[str],
    runner: Runner,
) -> Mapping[str, Explanation]:
    """The explanation of each subject that stands, by the run's model."""
    subjects = asked_for(subject_ids, runner)
    rows = subject_rows(definition, view, run.model, measure=measure, runner=runner, subjects=subjects)
    found = runner.to_arrow(rows).to_pylist()
    if run.model is None:
        return {row["subject_id"]: Explanation(value=None, reason_null=row["reason_null"]) for row in found}
    fitted = Fitted.from_json(run.model.text)
    known = _inputs(definition, view, fitted, runner, subjects)
    told = {}
    for row in found:
        if row["micro"] is None:
            told[row["subject_id"]] = Explanation(value=None, reason_null=row["reason_null"])
            continue
        parts = _parts(definition, fitted, known[row["subject_id"]], measure, view.snapshot.currency)
        facts = {
            **own_facts(row, definition, measure, view.snapshot.currency),
            **model_facts(fitted, _cohort_of(known[row["subject_id"]]), run.model, definition),
        }
        told[row["subject_id"]] = Explanation(
            value=Decimal(row["micro"]).scaleb(-6), lines=_lines(parts, row["micro"]), facts=facts
        )
    return told


def _inputs(
    definition: CustomerDefinition, view: AsOf, fitted: Fitted, runner: Runner, subjects: Any
) -> Mapping[str, Mapping[str, Any]]:
    if definition.by_contract:
        rows = running_contracts(definition, view, fitted, subjects=subjects)
    else:
        rows = histories(definition, view, subjects=subjects)
    return {row["subject_id"]: row for row in runner.to_arrow(rows).to_pylist()}


def _cohort_of(row: Mapping[str, Any]) -> str | None:
    """The cohort of a customer; of one with several contracts, that of the first."""
    return str(row["contracts"][0]["cohort"]) if "contracts" in row else row["cohort"]


def _parts(
    definition: CustomerDefinition, fitted: Fitted, row: Mapping[str, Any], measure: str, currency: str
) -> list[Part]:
    question = question_of(definition, measure)
    if definition.by_contract:
        return contract_parts(fitted, row, question, currency)
    return purchase_parts(fitted, row, question, currency, opportunity_days=definition.opportunity_days)


def _lines(parts: Sequence[Part], value: int) -> tuple[Line, ...]:
    """Lines in whole micro-points, the base first; what rounding leaves goes to the largest of the others."""
    micro = [int(np.rint(part.amount * _MICRO)) for part in parts]
    largest = max(range(1, len(parts)), key=lambda i: abs(micro[i]))
    micro[largest] += value - sum(micro)
    return tuple(
        Line(
            name=part.name,
            group="" if part.kind == "base" else "history",
            points=Decimal(points).scaleb(-6),
            sentence=part.sentence,
            evidence=part.evidence,
            kind=part.kind,
        )
        for part, points in zip(parts, micro, strict=True)
    )
