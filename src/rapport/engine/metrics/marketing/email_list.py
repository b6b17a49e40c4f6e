"""The e-mail list: who may be mailed, who came and who left."""

from typing import Any

from rapport.engine.metrics.aggregates import distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.list_changes import LIST_CHANGES, MAILABLE
from rapport.engine.metrics.shapes import EVENT_DISTINCT
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

_CHANGES: dict[str, Any] = {
    "room": "marketing",
    **EVENT_DISTINCT,
    "time_field": "consent.decided_at, interaction.occurred_at, campaign_member.unsubscribed_at",
    "unit": Unit.COUNT,
    "relation": LIST_CHANGES,
}

MAILABLE_CONTACTS = MetricSpec(
    id="mailable_contacts",
    name="Mailable contacts",
    room="marketing",
    sentence="Contacts who could be mailed at the end of the period.",
    formula=(
        "contacts with a permission for e-mail, or for all channels, that no withdrawal, unsubscribe, complaint or "
        "hard bounce had ended"
    ),
    kind=Kind.SNAPSHOT,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.ZERO,
    time_field="consent.decided_at, up to the end of the period",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. A list is a purpose of consents; setting `email_purposes` names those that count.",
    how_to_read="The size of the list. Lists cannot be added: a contact on two of them is one contact.",
    not_when="Permissions are kept in the mailing tool only and were not imported.",
    relation=MAILABLE,
    figure=Amount(distinct("contact_id")),
    variants=("email_list_growth_rate",),
)

EMAIL_OPT_INS = MetricSpec(
    id="email_opt_ins",
    name="E-mail opt-ins",
    sentence="Contacts who became mailable in the period.",
    formula="distinct contacts who gave a permission in the period and had none; a double opt-in when it is confirmed",
    higher_is_better=True,
    source="Own; who comes back in the same period counts once.",
    how_to_read="By source it tells where the list grows.",
    not_when="Old lists were imported with the day of the import as the day of the decision.",
    figure=Amount(distinct("contact_id", "joined")),
    variants=("email_list_departures", "email_list_growth_rate"),
    **_CHANGES,
)

EMAIL_LIST_DEPARTURES = MetricSpec(
    id="email_list_departures",
    name="E-mail list departures",
    sentence="Contacts who stopped being mailable in the period.",
    formula="distinct contacts whose permission ended: withdrawn, unsubscribed, complained, bounced for good, cleaned",
    higher_is_better=False,
    source="Own.",
    how_to_read="With the opt-ins it explains the growth of the list.",
    not_when="Unsubscribes stay in the mailing tool and do not arrive here.",
    figure=Amount(distinct("contact_id", "left")),
    variants=("email_opt_ins", "email_list_unsubscribes", "email_list_bounced"),
    **_CHANGES,
)

EMAIL_LIST_UNSUBSCRIBES = MetricSpec(
    id="email_list_unsubscribes",
    name="E-mail list unsubscribes",
    sentence="Contacts who left the e-mail list in the period by their own choice.",
    formula="distinct contacts whose permission ended by a withdrawal, an unsubscribe or a complaint",
    higher_is_better=False,
    source="Own.",
    how_to_read="What your mails cost you in readers.",
    not_when="Unsubscribes stay in the mailing tool and do not arrive here.",
    figure=Amount(distinct("contact_id", "left_by_choice")),
    variants=("email_list_departures", "email_unsubscribe_rate"),
    **_CHANGES,
)

EMAIL_LIST_BOUNCED = MetricSpec(
    id="email_list_bounced",
    name="E-mail list removals",
    sentence="Contacts taken off the e-mail list in the period because mail does not reach them.",
    formula="distinct contacts whose permission ended by a hard bounce, or was cleaned",
    higher_is_better=False,
    source="Own.",
    how_to_read="How fast addresses grow old. A jump after an import tells of a bad list.",
    not_when="Bounces do not say whether they are hard (outcome, or property `bounce_type`).",
    figure=Amount(distinct("contact_id", "left_by_bounce")),
    variants=("email_list_departures", "email_bounce_rate"),
    **_CHANGES,
)
