"""How fast the e-mail list grows."""

from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.marketing.email_list import (
    EMAIL_LIST_DEPARTURES,
    EMAIL_LIST_UNSUBSCRIBES,
    EMAIL_OPT_INS,
    MAILABLE_CONTACTS,
)
from rapport.engine.metrics.shapes import DERIVED_RATIO
from rapport.engine.metrics.spec import Unit

_TIME = "consent.decided_at, interaction.occurred_at, campaign_member.unsubscribed_at"
_NOT_WHEN = "The list is small at the start: a few people are then a large share. Without any there is no rate."
_VARIANTS = (
    *("email_list_growth_rate", "email_list_growth_rate_without_bounces"),
    *("email_list_growth_rate_end", "email_list_growth_rate_gross"),
)
_START = Part(MAILABLE_CONTACTS, before=True)


def _others(own: str) -> tuple[str, ...]:
    return tuple(name for name in _VARIANTS if name != own)


EMAIL_LIST_GROWTH_RATE = DerivedMetric(
    id="email_list_growth_rate",
    name="E-mail list growth rate",
    room="marketing",
    sentence="By how much the number of mailable contacts grew in the period, against its start.",
    formula="(opt-ins - unsubscribes - complaints - hard bounces and cleaned) / mailable contacts at the start",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Common list growth formula; every departure counts. Who comes back in the same period counts once.",
    how_to_read="Below 0 the list shrinks. Read the opt-ins and the departures beside it.",
    not_when=_NOT_WHEN,
    parts={"joined": Part(EMAIL_OPT_INS), "left": Part(EMAIL_LIST_DEPARTURES), "start": _START},
    numerator=lambda v: v["joined"] - v["left"],
    denominator=lambda v: v["start"],
    variants=_others("email_list_growth_rate"),
)

EMAIL_LIST_GROWTH_RATE_WITHOUT_BOUNCES = DerivedMetric(
    id="email_list_growth_rate_without_bounces",
    name="E-mail list growth rate, bounces left out",
    room="marketing",
    sentence="Opt-ins less those who left by choice in the period, against the list at its start.",
    formula="(opt-ins - unsubscribes - complaints) / mailable contacts at the start",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; what tools print that do not count addresses that died.",
    how_to_read="What people decided; the difference to the growth rate is addresses that died.",
    not_when=_NOT_WHEN,
    parts={"joined": Part(EMAIL_OPT_INS), "left": Part(EMAIL_LIST_UNSUBSCRIBES), "start": _START},
    numerator=lambda v: v["joined"] - v["left"],
    denominator=lambda v: v["start"],
    variants=_others("email_list_growth_rate_without_bounces"),
)

EMAIL_LIST_GROWTH_RATE_END = DerivedMetric(
    id="email_list_growth_rate_end",
    name="E-mail list growth rate, against its end",
    room="marketing",
    sentence="By how much the number of mailable contacts grew in the period, against its end.",
    formula="(opt-ins - unsubscribes - complaints - hard bounces and cleaned) / mailable contacts at the end",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; some tools divide by the present size.",
    how_to_read="Never above 100 %, also for a list that began with nobody.",
    not_when="You compare periods: against the start growth compounds, against the end it does not.",
    parts={
        "joined": Part(EMAIL_OPT_INS),
        "left": Part(EMAIL_LIST_DEPARTURES),
        "end": Part(MAILABLE_CONTACTS),
    },
    numerator=lambda v: v["joined"] - v["left"],
    denominator=lambda v: v["end"],
    variants=_others("email_list_growth_rate_end"),
)

EMAIL_LIST_GROWTH_RATE_GROSS = DerivedMetric(
    id="email_list_growth_rate_gross",
    name="E-mail list growth rate, gross",
    room="marketing",
    sentence="Opt-ins of the period against the list at its start.",
    formula="opt-ins / mailable contacts at the start",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own.",
    how_to_read="How much comes in, whatever goes out.",
    not_when=_NOT_WHEN,
    parts={"joined": Part(EMAIL_OPT_INS), "start": _START},
    numerator=lambda v: v["joined"],
    denominator=lambda v: v["start"],
    variants=_others("email_list_growth_rate_gross"),
)
