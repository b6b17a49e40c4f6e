"""E-mail open rate and its readings."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.marketing.email_volume import EMAILS_DELIVERED, EMAILS_OPENED
from rapport.engine.metrics.relations.mailings import MAILINGS
from rapport.engine.metrics.shapes import COHORT_RATIO, DERIVED_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_SENT = "interaction.occurred_at of email_sent"
_NEEDS = ("interactions.type=email_sent", "interactions.type=email_open")
_NOT_WHEN = (
    "Mail programs load pictures by themselves, or never: opens are a rough sign, clicks a better one. "
    "Machine opens are left out only where they were found out."
)
_VARIANTS = (
    *("email_open_rate", "email_open_rate_total", "email_open_rate_sent"),
    *("email_open_rate_with_machines", "email_open_rate_event"),
)


def _others(own: str) -> tuple[str, ...]:
    return tuple(name for name in _VARIANTS if name != own)


EMAIL_OPEN_RATE = MetricSpec(
    id="email_open_rate",
    name="E-mail open rate",
    room="marketing",
    sentence="Share of the mails delivered in the period that a person opened within 7 days.",
    formula="mails opened by a person within 7 days of sending / mails sent in the period that did not bounce",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Twilio's glossary (opens / delivered), one open per recipient and mail. Setting: `mail_window_days`.",
    how_to_read="By campaign, against your own mails of before. Immature until 7 days after the period.",
    not_when=_NOT_WHEN + " Text-only mails cannot tell and are left out.",
    relation=MAILINGS,
    figure=Ratio(count("opened", "is_html"), count("delivered", "is_html"), proportion=True),
    needs=_NEEDS,
    variants=_others("email_open_rate"),
)

EMAIL_OPEN_RATE_TOTAL = MetricSpec(
    id="email_open_rate_total",
    name="E-mail open rate, all opens",
    room="marketing",
    sentence="Opens by people within 7 days for each mail delivered in the period.",
    formula="all opens by people within 7 days of sending / mails sent in the period that did not bounce",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; Salesforce and HubSpot report total opens beside unique ones.",
    how_to_read="May exceed 100 %: people come back to a mail, or pass it on.",
    not_when=_NOT_WHEN,
    relation=MAILINGS,
    figure=Ratio(total("opens", "delivered", "is_html"), count("delivered", "is_html")),
    needs=_NEEDS,
    variants=_others("email_open_rate_total"),
)

EMAIL_OPEN_RATE_SENT = MetricSpec(
    id="email_open_rate_sent",
    name="E-mail open rate, of mails sent",
    room="marketing",
    sentence="Share of the mails sent in the period that a person opened within 7 days.",
    formula="mails opened by a person within 7 days of sending / mails sent in the period, bounced ones too",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own.",
    how_to_read="Lower than the open rate: a bad list counts against it.",
    not_when=_NOT_WHEN,
    relation=MAILINGS,
    figure=Ratio(count("opened", "is_html"), count("is_html"), proportion=True),
    needs=_NEEDS,
    variants=_others("email_open_rate_sent"),
)

EMAIL_OPEN_RATE_WITH_MACHINES = MetricSpec(
    id="email_open_rate_with_machines",
    name="E-mail open rate, machine opens included",
    room="marketing",
    sentence="Share of the mails delivered in the period that were opened within 7 days, by a person or a machine.",
    formula="mails with any open within 7 days of sending / mails sent in the period that did not bounce",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=None,
    source="Own; what mailing tools print that do not look for machines.",
    how_to_read="The gap to the open rate is what mail programs and scanners opened by themselves.",
    not_when="You want to know whether people read your mails.",
    relation=MAILINGS,
    figure=Ratio(count("opened_by_any", "is_html"), count("delivered", "is_html"), proportion=True),
    needs=_NEEDS,
    variants=_others("email_open_rate_with_machines"),
)

EMAIL_OPEN_RATE_EVENT = DerivedMetric(
    id="email_open_rate_event",
    name="E-mail open rate, by the day of opening",
    room="marketing",
    sentence="Mails opened in the period, whenever they were sent, for each mail delivered in it.",
    formula="distinct mails opened in the period / mails sent in the period that did not bounce",
    **DERIVED_RATIO,
    time_field="interaction.occurred_at of email_open, and of email_sent",
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; event-dated, as in reports that count opens by their day.",
    how_to_read="Final at once, but it jumps: a large mailing on the last day lowers it, the days after raise it.",
    not_when="Mailings are irregular: opens and mails then belong to different mailings.",
    parts={"opened": Part(EMAILS_OPENED), "delivered": Part(EMAILS_DELIVERED)},
    numerator=lambda v: v["opened"],
    denominator=lambda v: v["delivered"],
    variants=_others("email_open_rate_event"),
)
