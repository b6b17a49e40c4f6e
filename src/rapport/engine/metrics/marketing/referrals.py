"""Referrals: people whom customers brought."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.referrals import REFERRED_CUSTOMERS, REFERRED_PEOPLE
from rapport.engine.metrics.shapes import EVENT_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_SINCE = "customer since: first order not refunded in full, won deal or start of a contract"
_NOT_WHEN = "Nobody asks new contacts who sent them: it is then a lower bound."

REFERRAL_NEW_CUSTOMERS = MetricSpec(
    id="referral_new_customers",
    name="New customers by referral",
    room="marketing",
    sentence="New customers of the period whom another customer or contact referred.",
    formula=(
        "count of new customers with a contact, known before the first purchase, that a contact of another customer "
        "referred or that came through the referral programme"
    ),
    **EVENT_TOTAL,
    time_field=_SINCE,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. Who refers themselves or a colleague does not count; a link from a web page is no referral.",
    how_to_read="By referrer: who brings you customers.",
    not_when=_NOT_WHEN,
    relation=REFERRED_CUSTOMERS,
    figure=Amount(count("referred")),
    variants=("referral_rate", "referrals_made"),
)

REFERRAL_RATE = MetricSpec(
    id="referral_rate",
    name="Referral rate",
    room="marketing",
    sentence="Share of the new customers of the period who came by referral.",
    formula="new customers by referral / new customers of the period",
    **EVENT_RATIO,
    time_field=_SINCE,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own.",
    how_to_read="Growth that costs little, and that bad service ends first.",
    not_when=_NOT_WHEN,
    relation=REFERRED_CUSTOMERS,
    figure=Ratio(count("referred"), count(), proportion=True),
    variants=("referral_new_customers",),
)

REFERRALS_MADE = MetricSpec(
    id="referrals_made",
    name="Referrals made",
    room="marketing",
    sentence="Contacts that came to be known in the period because another contact referred them.",
    formula="count of contacts made in the period with a referrer other than themselves",
    **EVENT_TOTAL,
    time_field="contact.created_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. Invitations that led to no contact are not known here.",
    how_to_read="The start of the way to customers by referral.",
    not_when=_NOT_WHEN,
    relation=REFERRED_PEOPLE,
    figure=Amount(count()),
    variants=("referral_new_customers",),
)
