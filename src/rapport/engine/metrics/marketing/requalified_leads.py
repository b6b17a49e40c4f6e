"""Leads that qualified again."""

from rapport.engine.metrics.aggregates import distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.requalified import REQUALIFIED
from rapport.engine.metrics.shapes import EVENT_DISTINCT
from rapport.engine.metrics.spec import MetricSpec, Unit

REQUALIFIED_LEADS = MetricSpec(
    id="requalified_leads",
    name="Re-qualified leads",
    room="marketing",
    sentence="People who became marketing-qualified again in the period, after they had fallen back.",
    formula="distinct people who entered the stage mql, or a later one, from an earlier one, and had been there before",
    **EVENT_DISTINCT,
    time_field="attribute_history.valid_from of contact.lifecycle_stage",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. The marketing-qualified leads count first entries only.",
    how_to_read="What nurturing brings back. Former customers who qualify anew are among them.",
    not_when="Stages are never set back: then nobody can qualify again.",
    relation=REQUALIFIED,
    figure=Amount(distinct("id")),
    variants=("mqls",),
)
