"""Which criteria fire for whom: one pass of the points expression, every criterion apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.spec import Criterion, PointsDefinition
from rapport.engine.scores.points.totals import fired_column, steps
from rapport.engine.statistics.auc import Flags

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Fired:
    """Every scored subject as of an instant; the first axis is the subjects, the second the criteria as written.

    Attributes:
        points: micro-points of each criterion, after its own limit.
        fired: whether it is true of the subject or gives it points.
        values: micro-points of the score.
        limited: what a limit changed, by the name of what is limited; before, the sum that it limits.
        known: share of the subjects for whom a field has a value, by path.
    """

    subject_ids: list[str]
    points: Integers
    fired: Flags
    values: Integers
    limited: Mapping[str, Integers]
    before: Mapping[str, Integers]
    known: Mapping[str, float]

    @property
    def count(self) -> int:
        return len(self.subject_ids)

    @cached_property
    def together(self) -> NDArray[np.float64]:
        """How many subjects have both criteria, by pair; on the diagonal those who have the one."""
        flags = self.fired.astype(np.float32)
        return np.asarray(np.rint(flags.T @ flags), dtype=np.float64) if self.count < 2**24 else self._slowly()

    def _slowly(self) -> NDArray[np.float64]:
        flags = self.fired.astype(np.float64)  # float32 counts to 2^24 only
        return np.asarray(flags.T @ flags, dtype=np.float64)


def fired_at(definition: PointsDefinition, view: AsOf, *, runner: Runner) -> Fired:
    """All subjects that have a value as of the view. The tables that the definition needs must be there."""
    bound = Points(definition, view, runner, detail=True)
    rows = bound.explained_rows()
    criteria, sums = steps(definition, bound.plan)
    limits = [step for step in (*criteria, *sums) if step.limit is not None]
    wanted = [
        "subject_id",
        "micro",
        *(step.name for step in (*criteria, *limits)),
        *(step.limited for step in limits),
        *(fired_column(i) for i, (_, c) in enumerate(definition.criteria) if c.when is not None),
    ]
    known = {f"known_{i}": rows[column].notnull() for i, column in enumerate(bound.frame.columns.values())}
    asked = rows.filter(rows._reason.isnull()).select(*dict.fromkeys(wanted), **known)
    found = runner.to_arrow(asked.order_by("subject_id"))
    names = _limit_names(definition)
    return Fired(
        subject_ids=found["subject_id"].to_pylist(),
        points=_matrix([_whole(found, step.name) for step in criteria], found.num_rows),
        fired=_matrix([_flags(found, i, c) for i, (_, c) in enumerate(definition.criteria)], found.num_rows),
        values=_whole(found, "micro"),
        limited={names[step.name]: _whole(found, step.limited) for step in limits},
        before={names[step.name]: _whole(found, step.name) - _whole(found, step.limited) for step in limits},
        known={path: _share(found[f"known_{i}"]) for i, path in enumerate(bound.frame.columns)},
    )


def _limit_names(definition: PointsDefinition) -> Mapping[str, str]:
    """What people call a step: the criterion, the group, fit, engagement, total, range."""
    criteria = {f"s{i}": c.name for i, (_, c) in enumerate(definition.criteria)}
    groups = {f"g{i}": name for i, name in enumerate(definition.groups)}
    return {**criteria, **groups, "fit": "fit", "engagement": "engagement", "total": "total", "micro": "range"}


def _flags(found: pa.Table, position: int, criterion: Criterion) -> Flags:
    if criterion.when is not None and criterion.event is None and not hasattr(criterion.points, "map"):
        return np.asarray(pc.fill_null(found[fired_column(position)], False).to_numpy(), dtype=bool)
    return np.asarray(_whole(found, f"s{position}") != 0, dtype=bool)


def _whole(found: pa.Table, name: str) -> Integers:
    return np.asarray(found[name].to_numpy(), dtype=np.int64)


def _matrix(columns: list[Any], rows: int) -> Any:
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))


def _share(column: pa.ChunkedArray) -> float:
    return float(pc.mean(pc.cast(column, pa.float64())).as_py() or 0.0) if len(column) else 0.0
