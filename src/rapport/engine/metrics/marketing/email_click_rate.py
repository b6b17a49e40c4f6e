"""E-mail click rate, and clicks among those who opened."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.mailings import MAILINGS
from rapport.engine.metrics.shapes import COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_SENT = "interaction.occurred_at of email_sent"
_NEEDS = ("interactions.type=email_sent", "interactions.type=email_click")
_NOT_WHEN = (
    "Links are not tracked, or scanners click them later than two seconds after delivery and were not found out."
)

EMAIL_CLICK_RATE = MetricSpec(
    id="email_click_rate",
    name="E-mail click rate",
    room="marketing",
    sentence="Share of the mails delivered in the period in which a person clicked a link within 7 days.",
    formula=(
        "mails with a click by a person within 7 days of sending / mails sent in the period that did not bounce; "
        "unsubscribe and header links left out"
    ),
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own, one click per recipient and mail. Settings: `mail_window_days`, `service_links`.",
    how_to_read="The steadiest sign of interest in a mail. Immature until 7 days after the period.",
    not_when=_NOT_WHEN,
    relation=MAILINGS,
    figure=Ratio(count("clicked"), count("delivered"), proportion=True),
    needs=_NEEDS,
    variants=("email_click_rate_total", "email_click_rate_sent", "email_ctor"),
)

EMAIL_CLICK_RATE_TOTAL = MetricSpec(
    id="email_click_rate_total",
    name="E-mail click rate, all clicks",
    room="marketing",
    sentence="Clicks by people within 7 days for each mail delivered in the period.",
    formula="all clicks by people within 7 days of sending / mails sent in the period that did not bounce",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Salesforce EmailContent.ClickThroughRate, which counts every click of a recipient.",
    how_to_read="Far above the click rate: few people click many links.",
    not_when=_NOT_WHEN,
    relation=MAILINGS,
    figure=Ratio(total("clicks", "delivered"), count("delivered")),
    needs=_NEEDS,
    variants=("email_click_rate", "email_click_rate_sent"),
)

EMAIL_CLICK_RATE_SENT = MetricSpec(
    id="email_click_rate_sent",
    name="E-mail click rate, of mails sent",
    room="marketing",
    sentence="Share of the mails sent in the period in which a person clicked a link within 7 days.",
    formula="mails with a click by a person within 7 days of sending / mails sent in the period, bounced ones too",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own.",
    how_to_read="Lower than the click rate: a bad list counts against it.",
    not_when=_NOT_WHEN,
    relation=MAILINGS,
    figure=Ratio(count("clicked"), count(), proportion=True),
    needs=_NEEDS,
    variants=("email_click_rate", "email_click_rate_total"),
)

EMAIL_CTOR = MetricSpec(
    id="email_ctor",
    name="E-mail click-to-open rate",
    room="marketing",
    sentence="Share of the mails of the period that were opened or clicked in which a person clicked, within 7 days.",
    formula="mails with a click / mails with an open or a click, each by a person within 7 days of sending",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own; who clicked has opened, also where the picture that tells it was not loaded.",
    how_to_read="How well the content keeps what the subject line promised.",
    not_when="Few opens are told, so that hardly anybody but those who clicked counts as having opened.",
    relation=MAILINGS,
    figure=Ratio(count("clicked", "is_html"), count("answered", "is_html"), proportion=True),
    needs=(*_NEEDS, "interactions.type=email_open"),
    variants=("email_ctor_told", "email_click_rate"),
)

EMAIL_CTOR_TOLD = MetricSpec(
    id="email_ctor_told",
    name="E-mail click-to-open rate, told opens only",
    room="marketing",
    sentence="Mails of the period with a click for each mail with an open, within 7 days.",
    formula="mails with a click / mails with an open, each by a person within 7 days of sending",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Salesforce EmailContent: unique clicks / unique HTML opens.",
    how_to_read="For comparison with Salesforce. Above 100 % where people click without an open being told.",
    not_when="Many mail programs block the picture that tells opens.",
    relation=MAILINGS,
    figure=Ratio(count("clicked", "is_html"), count("opened", "is_html")),
    needs=(*_NEEDS, "interactions.type=email_open"),
    variants=("email_ctor",),
)
