"""Customer effort score: how easy it was made."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Mean, Ratio
from rapport.engine.metrics.relations.answers import CES_ANSWERS
from rapport.engine.metrics.shapes import EVENT_AVERAGE, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_ANSWERED = "survey_answer.answered_at"
_NOT_WHEN = 'Wordings are mixed: of "how much effort" less is better, of "made it easy" more.'

CES = MetricSpec(
    id="ces",
    name="Customer effort score",
    room="service",
    sentence="Mean agreement, from 1 to 7, that the company made it easy.",
    formula="mean of answers on a scale of 1 to 7; the newest of each person, survey and matter in the period",
    **EVENT_AVERAGE,
    time_field=_ANSWERED,
    unit=Unit.PER,
    higher_is_better=True,
    source="CES 2.0, as Nicereply describes it: seven points, higher is easier.",
    how_to_read="From 1 to 7. Of interactions it tells more than a recommendation does.",
    not_when=_NOT_WHEN,
    relation=CES_ANSWERS,
    figure=Mean("score", ("on_seven",)),
    never_mixed="seven_survey",
    variants=("ces_agree_share", "ces_five_point_agree_share"),
)

CES_AGREE_SHARE = MetricSpec(
    id="ces_agree_share",
    name="Customer effort, share who agree",
    room="service",
    sentence="Share of the answers of the period that were 5, 6 or 7 on a scale of 1 to 7.",
    formula="answers of 5 to 7 / answers on a scale of 1 to 7",
    **EVENT_RATIO,
    time_field=_ANSWERED,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="CES 2.0 as a share; vendors differ.",
    how_to_read="How many found it easy at all.",
    not_when=_NOT_WHEN,
    relation=CES_ANSWERS,
    figure=Ratio(count("agrees_of_seven"), count("on_seven"), proportion=True),
    never_mixed="seven_survey",
    variants=("ces",),
)

CES_FIVE_POINT_AGREE_SHARE = MetricSpec(
    id="ces_five_point_agree_share",
    name="Customer effort on five points, share who agree",
    room="service",
    sentence="Share of the answers of the period that were 4 or 5 on a scale of 1 to 5.",
    formula="answers of 4 or 5 / answers on a scale of 1 to 5",
    **EVENT_RATIO,
    time_field=_ANSWERED,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="As Delighted describes it.",
    how_to_read="Never beside an answer on seven points.",
    not_when=_NOT_WHEN,
    relation=CES_ANSWERS,
    figure=Ratio(count("agrees_of_five"), count("on_five"), proportion=True),
    never_mixed="five_survey",
    variants=("ces",),
)
