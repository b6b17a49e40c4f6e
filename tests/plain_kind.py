"""A kind of score that is quick to compute: ten points for each page view, nothing for who has none."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import ibis

from rapport.engine.crm.events import interactions
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.population import population_run
from rapport.engine.scores.subject_rows import LEFT_OUT, standing


class PageViews:
    """Values of contacts, accounts or deals by what they looked at; null for those left out of the audience."""

    learns = False

    def score(self, definition: Any, view: Any, *, runner: Any, run: Any = None, subjects: Any = None) -> Any:
        seen = interactions(view, columns=["type"], subject=definition.subject, needed_by="a test")
        counts = seen.group_by(_who="subject_id").aggregate(_n=lambda t: t.count())
        rows = standing(definition, view, subjects).left_join(counts, [("subject_id", "_who")]).mutate()
        value = ibis.ifelse(rows[LEFT_OUT].isnull() & rows._n.notnull(), rows._n * 10, ibis.null("int64"))
        reason = ibis.ifelse(value.notnull(), ibis.null("string"), ibis.coalesce(rows[LEFT_OUT], "nothing seen"))
        return rows.select(
            "subject_id",
            value=value.cast("decimal(18, 6)"),
            percentile=ibis.ifelse(value.notnull(), ibis.literal(50.0), ibis.null("float64")),
            reason_null=reason,
        )

    def population(self, definition: Any, view: Any, *, runner: Any, before: Any = None) -> Any:
        rows = self.score(definition, view, runner=runner)
        return population_run(rows, score=definition.name, as_of=view.at, runner=runner)

    def explain(
        self, definition: Any, view: Any, *, subject_ids: Any, runner: Any, run: Any = None
    ) -> Mapping[str, Explanation]:
        rows = runner.to_arrow(self.score(definition, view, runner=runner)).to_pylist()
        return {row["subject_id"]: _told(row) for row in rows if row["subject_id"] in subject_ids}


def _told(row: Mapping[str, Any]) -> Explanation:
    if row["value"] is None:
        return Explanation(value=None, reason_null=row["reason_null"])
    return Explanation(
        value=row["value"],
        lines=(Line(name="views", group="views", points=Decimal(row["value"]), sentence="Looked at pages."),),
    )
