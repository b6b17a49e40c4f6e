"""First contact resolution: solved at once, and for good."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.first_solved_cases import FIRST_SOLVED_CASES
from rapport.engine.metrics.shapes import COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "case_event.occurred_at (first solved), else case.solved_at"
_NEEDS = ("case_events.type=reply_by_agent",)
_VARIANTS = ("first_contact_resolution", "one_touch_resolution", "zero_reply_resolution", "no_reply_needed_resolution")


def _others(own: str) -> tuple[str, ...]:
    return tuple(name for name in _VARIANTS if name != own)


FIRST_CONTACT_RESOLUTION = MetricSpec(
    id="first_contact_resolution",
    name="First contact resolution",
    room="service",
    sentence=(
        "Share of the cases first solved in the period with at most one public reply that were not re-opened, and "
        "whose customer did not come back with the same topic, within 7 days."
    ),
    formula=(
        "cases with <= 1 public agent reply, no re-opening and no new contact on the topic in 7 days / solved cases; "
        "those the customer solved are left out"
    ),
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own, of the readings by repeat contact and by one touch. A contact without topic counts as the same.",
    how_to_read="Immature until 7 days have passed. Cases solved without any reply are in it: split by `replies`.",
    not_when="Customers come back through a channel that is not recorded, or under another name.",
    relation=FIRST_SOLVED_CASES,
    figure=Ratio(count("at_once"), count("tells"), proportion=True),
    needs=_NEEDS,
    variants=_others("first_contact_resolution"),
)

ONE_TOUCH_RESOLUTION = MetricSpec(
    id="one_touch_resolution",
    name="One-touch resolution",
    room="service",
    sentence="Share of the cases first solved in the period with exactly one public reply by an agent.",
    formula="cases with 1 public agent reply / solved cases; those without a reply are not multi-touch, nor one-touch",
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Zendesk's one-touch tickets.",
    how_to_read="Easier to tell than first contact resolution, and kinder: who came back is not asked.",
    not_when="Agents solve by phone: the reply is then not recorded.",
    relation=FIRST_SOLVED_CASES,
    figure=Ratio(count("one_touch"), count("tells"), proportion=True),
    needs=_NEEDS,
    variants=_others("one_touch_resolution"),
)

ZERO_REPLY_RESOLUTION = MetricSpec(
    id="zero_reply_resolution",
    name="Solved without a reply",
    room="service",
    sentence="Share of the cases first solved in the period without any public reply by an agent.",
    formula="cases with 0 public agent replies / solved cases",
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=None,
    source="Own; packages wrongly count these as multi-touch.",
    how_to_read="Solved by phone, duplicates, or swept away: look at the rows.",
    not_when="Replies are not recorded as events.",
    relation=FIRST_SOLVED_CASES,
    figure=Ratio(count("zero_reply"), count("tells"), proportion=True),
    needs=_NEEDS,
    variants=_others("zero_reply_resolution"),
)

NO_REPLY_NEEDED_RESOLUTION = MetricSpec(
    id="no_reply_needed_resolution",
    name="Solved without the customer writing again",
    room="service",
    sentence="Share of the cases first solved in the period whose customer wrote only once and did not come back.",
    formula="cases with 0 customer replies, no re-opening and no new contact on the topic in 7 days / solved cases",
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Freshservice's first contact resolution.",
    how_to_read="From the customer's side: written once, helped.",
    not_when="Customers answer by phone.",
    relation=FIRST_SOLVED_CASES,
    figure=Ratio(count("unasked"), count("tells"), proportion=True),
    needs=_NEEDS,
    variants=_others("no_reply_needed_resolution"),
)
