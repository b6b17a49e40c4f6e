"""Which group a subject belongs to, where there is a model for each."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.crm.conditions.grammar import No
from rapport.engine.crm.conditions.subject_conditions import conditioned, paths_of
from rapport.engine.errors import InternalError
from rapport.engine.runner import Runner
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.features.happenings import NEEDED_BY


def groups(
    definition: ConversionDefinition, view: AsOf, *, runner: Runner, subjects: ir.Table | None = None
) -> ir.Table | None:
    """One row per subject: subject_id and group_name (null where it belongs to none); None where all have one model."""
    by = definition.models_by
    if by is None:
        return None
    paths = [by] if isinstance(by, str) else paths_of(list(by.values()))
    frame = subject_frame(view, definition.subject, paths, needed_by=NEEDED_BY, subjects=subjects)
    if isinstance(by, str):
        return frame.rows.select("subject_id", group_name=frame.rows[frame.columns[by]].cast("string"))
    told = conditioned(frame, list(by.values()), view, runner=runner, needed_by=NEEDED_BY)
    branches = [(told.fires(condition, told.rows, _no), name) for name, condition in by.items()]
    found = told.rows.select("subject_id", group_name=ibis.cases(*branches, else_=ibis.null("string")))
    return runner.from_arrow(runner.to_arrow(found))  # text conditions hold tables in memory: told before they travel


def _no(part: No) -> ir.BooleanValue:
    raise InternalError("A group is not told by what did not happen.", received=part.no.event)
