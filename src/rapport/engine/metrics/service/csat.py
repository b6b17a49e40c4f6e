"""Customer satisfaction."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Mean, Ratio
from rapport.engine.metrics.relations.answers import CSAT_ANSWERS, SURVEYS_ASKED
from rapport.engine.metrics.shapes import EVENT_AVERAGE, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_ANSWERED = "survey_answer.answered_at"

CSAT = MetricSpec(
    id="csat",
    name="Customer satisfaction",
    room="service",
    sentence="Share of the answers of the period that were 4 or 5 on a scale of 1 to 5.",
    formula="answers of 4 or 5 / answers on a scale of 1 to 5; on a scale of bad (0) and good (1), good / answers",
    **EVENT_RATIO,
    time_field=_ANSWERED,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Top-2-box, as Kicue describes it. Answers on other scales are left out.",
    how_to_read="With its interval. Compare with the same survey only.",
    not_when="Few of those asked answer: see the response rate.",
    relation=CSAT_ANSWERS,
    figure=Ratio(count("satisfied"), count("boxed"), proportion=True),
    never_mixed="boxed_survey",
    variants=("csat_mean_score", "csat_ten_point", "survey_response_rate", "nps"),
)

CSAT_MEAN_SCORE = MetricSpec(
    id="csat_mean_score",
    name="Customer satisfaction, mean score",
    room="service",
    sentence="Mean of the answers of the period on a scale of 1 to 5.",
    formula="mean of scores on a scale of 1 to 5",
    **EVENT_AVERAGE,
    time_field=_ANSWERED,
    unit=Unit.PER,
    higher_is_better=True,
    source="Own.",
    how_to_read="It hides who is angry: a 3 is as good as a 1 and a 5.",
    not_when="Surveys are mixed.",
    relation=CSAT_ANSWERS,
    figure=Mean("score", ("on_five",)),
    never_mixed="five_survey",
    variants=("csat",),
)

CSAT_TEN_POINT = MetricSpec(
    id="csat_ten_point",
    name="Customer satisfaction on ten points",
    room="service",
    sentence="Share of the answers of the period that were 9 or 10 on a scale of 1 to 10.",
    formula="answers of 9 or 10 / answers on a scale of 1 to 10",
    **EVENT_RATIO,
    time_field=_ANSWERED,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Top-2-box on ten points, as Kicue describes it.",
    how_to_read="Stricter than 4 or 5 of 5: never compare the two.",
    not_when="Few of those asked answer: see the response rate.",
    relation=CSAT_ANSWERS,
    figure=Ratio(count("delighted"), count("on_ten"), proportion=True),
    never_mixed="ten_survey",
    variants=("csat",),
)

SURVEY_RESPONSE_RATE = MetricSpec(
    id="survey_response_rate",
    name="Survey response rate",
    room="service",
    sentence="Share of those asked in the period who answered.",
    formula="invitations with an answer / invitations, by the day they were asked",
    **EVENT_RATIO,
    time_field="survey_answer.asked_at, else answered_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own. Unanswered invitations are rows without a score (Zendesk's `offered`).",
    how_to_read="By kind and survey. Under a tenth, the answers are those of the delighted and the angry.",
    not_when="The newest invitations are still to be answered.",
    relation=SURVEYS_ASKED,
    figure=Ratio(count("is_answered"), count("is_told"), proportion=True),
    variants=("csat", "nps", "ces"),
)
