"""Net promoter score."""

from rapport.engine.metrics.figures import NetPromoter
from rapport.engine.metrics.relations.answers import NPS_ANSWERS
from rapport.engine.metrics.shapes import EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

NPS = MetricSpec(
    id="nps",
    name="Net promoter score",
    room="service",
    sentence="Promoters (9-10) less detractors (0-6), per 100 answers of the period.",
    formula="100 x (promoters - detractors) / answers; the newest answer of each person and survey in the period",
    **EVENT_RATIO,
    time_field="survey_answer.answered_at",
    unit=Unit.POINTS,
    higher_is_better=True,
    source="Reichheld 2003; interval: Wald, and adjusted Wald (Rocks 2016) under 100 answers or without spread.",
    how_to_read="From -100 to 100. With 100 answers it is good to about 15 points: small moves mean nothing.",
    not_when=(
        "Surveys of different kinds are mixed (flagged), or few answer: those who do are the delighted and the angry."
    ),
    relation=NPS_ANSWERS,
    figure=NetPromoter(),
    never_mixed="survey",
    variants=("nps_bootstrap", "csat"),
)

NPS_BOOTSTRAP = MetricSpec(
    id="nps_bootstrap",
    name="Net promoter score, bootstrap interval",
    room="service",
    sentence="The net promoter score of the period with the interval that resampling its answers gives.",
    formula="100 x (promoters - detractors) / answers; interval: 2.5th to 97.5th percentile of 10,000 samples",
    **EVENT_RATIO,
    time_field="survey_answer.answered_at",
    unit=Unit.POINTS,
    higher_is_better=True,
    source="Reichheld 2003; interval: percentile bootstrap, Efron and Tibshirani 1993.",
    how_to_read="The same score. With plenty of answers its interval is that of the equation.",
    not_when="Few answer, or all alike: the interval is then too narrow, and that of `nps` is better.",
    relation=NPS_ANSWERS,
    figure=NetPromoter(bootstrap=True),
    never_mixed="survey",
    variants=("nps",),
)
