"""What agents did in cases: public replies, changes of status, assignments."""

from __future__ import annotations

import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.case_messages import events_of
from rapport.engine.metrics.relations.cases import real_cases

_CHANGES = ("status", "solved", "reopened")


def _actions(reading: Reading) -> ir.Table:
    """One row per event of a case that is neither spam nor merged: at, case_id, is_handling, is_assignment.

    `is_handling`: a public reply or a change of status by an agent, not by a rule or robot.
    """
    events = events_of(real_cases(reading, "contact_id", "channel"), reading)
    changed = events["type"].isin(list(_CHANGES)) & events.by_agent & events.is_human
    return events.mutate(
        is_handling=events.by_agent_in_public | changed,
        is_assignment=events["type"] == "assigned",
    )


CASE_ACTIONS = Relation(
    name="case_actions",
    grain="actions in cases",
    table="case_events",
    needs=("cases", "case_events.type"),
    rows=_actions,
    dimensions={
        "agent": column("author_id"),
        "team": through("author_id", "users", "team_id"),
        "channel": column("channel"),
        "queue": through("case_id", "cases", "queue"),
        "priority": through("case_id", "cases", "priority"),
        "type": through("case_id", "cases", "type"),
        "topic": through("case_id", "cases", "topic"),
    },
    labels=("case_id", "type", "author_id"),
)
