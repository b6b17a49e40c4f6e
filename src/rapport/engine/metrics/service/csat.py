"""Customer satisfaction."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.answers import CSAT_ANSWERS
from rapport.engine.metrics.shapes import EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

CSAT = MetricSpec(
    id="csat",
    name="Customer satisfaction",
    room="service",
    sentence="Share of the answers of the period that were 4 or 5 on a scale of 1 to 5.",
    formula="answers of 4 or 5 / answers on a scale of 1 to 5; on a scale of bad (0) and good (1), good / answers",
    **EVENT_RATIO,
    time_field="survey_answer.answered_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Top-2-box, as Kicue describes it. Answers on other scales are left out.",
    how_to_read="With its interval. Compare with the same survey only.",
    not_when="Few of those asked answer.",
    relation=CSAT_ANSWERS,
    figure=Ratio(count("satisfied"), count(), proportion=True),
    never_mixed="survey",
    variants=("nps",),
)
