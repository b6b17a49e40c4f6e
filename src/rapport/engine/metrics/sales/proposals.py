"""Proposals: how many were made, what they are worth, and how many deals get one."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.deals import CLOSED_DEALS
from rapport.engine.metrics.relations.proposals import QUOTES
from rapport.engine.metrics.shapes import EVENT_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

PROPOSALS_MADE = MetricSpec(
    id="proposals_made",
    name="Proposals made",
    room="sales",
    sentence="Proposals first sent in the period.",
    formula="count of quotes by their first sent_at; revisions of a quote (same deal and number) count once",
    **EVENT_TOTAL,
    time_field="proposal.sent_at, first",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="Beside the deals won: proposals that win nothing cost much.",
    not_when="Revisions get a number of their own: they are then counted as new proposals.",
    relation=QUOTES,
    figure=Amount(count()),
    variants=("proposals_value", "proposal_rate"),
)

PROPOSALS_VALUE = MetricSpec(
    id="proposals_value",
    name="Value of proposals",
    room="sales",
    sentence="Amount of the proposals first sent in the period, by their last revision.",
    formula="sum of the amounts of quotes, in base currency at the rate of the day of the first sending",
    **EVENT_TOTAL,
    time_field="proposal.sent_at, first",
    unit=Unit.AMOUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="What was put on the table in the period.",
    not_when="Several alternatives are sent for one deal: they add up.",
    relation=QUOTES,
    figure=Amount(total("amount")),
    needs=("proposals.amount",),
    amount_where=(),
    variants=("proposals_made",),
)

PROPOSAL_RATE = MetricSpec(
    id="proposal_rate",
    name="Proposal rate",
    room="sales",
    sentence="Share of the deals closed in the period for which a proposal had been sent.",
    formula="closed deals with a proposal sent by the close / closed deals",
    **EVENT_RATIO,
    time_field="deal.closed_at",
    unit=Unit.FRACTION,
    higher_is_better=None,
    source="Own. Closed deals, so that each has had its time to get one.",
    how_to_read="Low and a low win rate: deals die before anyone makes an offer.",
    not_when="Proposals are sent outside the system.",
    relation=CLOSED_DEALS,
    figure=Ratio(count("proposed"), count(), proportion=True),
    needs=("proposals.sent_at",),
    variants=("proposals_made", "win_rate"),
)
