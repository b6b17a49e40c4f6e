"""How much of what counts as known rests on an assumption."""

from __future__ import annotations

from collections.abc import Mapping

import ibis

from rapport.engine.crm.events import table_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.report import Assumed
from rapport.engine.runner import Runner
from rapport.engine.scores.cut_offs import SUBJECT_TABLES
from rapport.engine.scores.definition_base import ScoreDefinition

_ALSO = ("attribute_history", "interactions", "orders")


def recorded_at_assumed(definition: ScoreDefinition, snapshot: Snapshot, *, runner: Runner) -> Mapping[str, Assumed]:
    """By table, the rows whose `recorded_at` no source told.

    Looked at are the subject's table, the outcome's, and those that scores read most.
    """
    names = [SUBJECT_TABLES[definition.subject], *_ALSO]
    if definition.outcome is not None:
        names.append(table_of(definition.outcome.event))
    found = {}
    for name in dict.fromkeys(names):
        if not snapshot.has(name):
            continue
        rows = snapshot.table(name, needed_by="a backtest")
        if "recorded_at_assumed" not in rows.columns:
            continue
        flag = ibis.coalesce(rows.recorded_at_assumed, False).cast("int64")
        counted = runner.to_arrow(rows.aggregate(n=rows.count(), assumed=flag.sum())).to_pylist()[0]
        found[name] = Assumed(assumed=int(counted["assumed"] or 0), rows=int(counted["n"]))
    return found
