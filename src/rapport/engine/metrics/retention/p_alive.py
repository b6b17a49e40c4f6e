"""Who is still a customer, by a model of purchases."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount, Mean, Ratio
from rapport.engine.metrics.relations.valued_customers import VALUED_CUSTOMERS
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

_SOURCE = (
    "Fader, Hardie & Lee 2005, Marketing Science 24(2): BG/NBD; setting `lifetime_model` takes mbg_nbd (Batislam, "
    "Denizel & Filiztekin 2007) or pareto_nbd. In days; who has a running contract is left out: the contract tells."
)

P_ALIVE = MetricSpec(
    id="p_alive",
    name="Probability of still being a customer",
    room="retention",
    sentence="How likely those who ever bought still are customers at the period's end, on average.",
    formula="mean over buyers of 1 / (1 + a/(b+x-1) x ((alpha+T)/(alpha+t_x)) ^ (r+x)); 1 where x = 0",
    kind=Kind.MODEL,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_WITHOUT_ROWS,
    time_field="end of the period; fitted on what had happened by then",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Silence counts against frequent buyers more than against rare ones.",
    not_when="Most bought once: BG/NBD takes every one of them for a customer still. Set mbg_nbd.",
    relation=VALUED_CUSTOMERS,
    figure=Mean("p_alive", ("modelled",)),
    variants=("customers_alive", "logo_churn_rate_model"),
)

CUSTOMERS_ALIVE = MetricSpec(
    id="customers_alive",
    name="Customers likely still there",
    room="retention",
    sentence="Buyers who are more likely than not still customers at the period's end.",
    formula="count of buyers with a probability of still being a customer of at least 0.5",
    kind=Kind.MODEL,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.SEMI_ADDITIVE,
    null_policy=NullPolicy.ZERO,
    time_field="end of the period; fitted on what had happened by then",
    unit=Unit.COUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Beside current customers, which go by a fixed window, it goes by each one's own rhythm.",
    not_when="Most bought once: see the probability of still being a customer.",
    relation=VALUED_CUSTOMERS,
    figure=Amount(count("alive"), whole=count("modelled")),
    variants=("p_alive", "current_customers"),
)

LOGO_CHURN_RATE_MODEL = MetricSpec(
    id="logo_churn_rate_model",
    name="Customer churn rate, by model",
    room="retention",
    sentence="Share of the buyers who likely were customers at the period's start and likely are none at its end.",
    formula="buyers with P(alive) >= 0.5 at the start and < 0.5 at the end / buyers with P(alive) >= 0.5 at the start",
    kind=Kind.MODEL,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_ON_ZERO_DENOMINATOR,
    time_field="state at the start and at the end of the period, by the model of the end",
    unit=Unit.FRACTION,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Needs no window: who buys weekly is lost sooner than who buys yearly.",
    not_when="Most bought once: under BG/NBD they are never lost.",
    relation=VALUED_CUSTOMERS,
    figure=Ratio(count("lost_by_model"), count("was_alive"), proportion=True),
    variants=("logo_churn_rate",),
)
