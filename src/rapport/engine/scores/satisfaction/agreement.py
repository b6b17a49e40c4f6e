"""Whether measures rank people as their own answers do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import ibis.expr.types as ir
import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.satisfaction.answers import answers, counted_answers
from rapport.engine.scores.satisfaction.figures import values
from rapport.engine.scores.satisfaction.spec import SatisfactionDefinition
from rapport.engine.statistics.auc import Cases, auc

_CHANCE = 0.5


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often a happy subject has a higher value than an unhappy one.

    Attributes:
        happy, unhappy: subjects with a value whose answers say so (NPS above and below 0; CSAT and CES at or above, and
            below, the middle of the scale); those between count for neither.
        auc, low, high: 0.5 is chance; the 95 % interval (DeLong). None where either side is empty.
    """

    ask: str
    happy: int
    unhappy: int
    auc: float | None
    low: float | None
    high: float | None

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "warnings": self.warnings})

    @classmethod
    def from_json(cls, text: str) -> Agreement:
        stored = json.loads(text)
        del stored["warnings"]
        return cls(**stored)

    @property
    def warnings(self) -> list[str]:
        """What a reader of the run should know: measures that have not been shown to tell happy from unhappy."""
        if self.low is None or self.low > _CHANCE:
            return []
        return ["the measures do not tell happy from unhappy ones by their answers, or too few answered to say"]

    @property
    def sentence(self) -> str:
        if self.auc is None:
            return f"{self.happy} happy and {self.unhappy} unhappy answers: too few to tell."
        return (
            f"Of a happy and an unhappy one it puts the happy one higher {100 * self.auc:.0f} times in 100"
            f" ({100 * (self.low or 0):.0f} to {100 * (self.high or 0):.0f};"
            f" {self.happy:,} happy and {self.unhappy:,} unhappy answers)."
        )


def agreement(definition: SatisfactionDefinition, view: AsOf, scores: ir.Table, *, runner: Runner) -> Agreement | None:
    """Scores (subject_id, micro) against the answers of `check_against`; None where there is nothing to ask."""
    survey = definition.check_against
    if survey is None or not view.has("survey_answers"):
        return None
    zone = definition.time_zone or view.snapshot.time_zone
    told = answers(survey, view, subject=definition.subject, time_zone=zone, needed_by=f"the score {definition.name}")
    counts = counted_answers(told, survey).rename(_who="subject_id")
    both = scores.filter(scores.micro.notnull()).join(counts, [("subject_id", "_who")]).order_by("subject_id")
    rows = runner.to_arrow(both.select("subject_id", "micro", "answers", "best", "worst", "total", "squares"))
    columns = {name: rows[name].to_numpy().astype(np.int64) for name in rows.column_names if name != "subject_id"}
    value = values(survey, columns)
    low, high = survey.value_range
    middle = (low + high) * 500_000
    happy, unhappy = value > middle, value < middle
    if survey.ask != "nps":
        happy = ~unhappy
    told_apart = happy | unhappy
    who = rows["subject_id"].to_numpy(zero_copy_only=False)
    scores_told = columns["micro"][told_apart].astype(float)
    found = auc([Cases(scores=scores_told, events=happy[told_apart], clusters=who[told_apart])])
    return Agreement(
        ask=survey.ask,
        happy=int(happy.sum()),
        unhappy=int(unhappy.sum()),
        auc=found.value,
        low=found.low,
        high=found.high,
    )
