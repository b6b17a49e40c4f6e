"""Leads, and leads that were qualified."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.lead_entries import STAGE_ENTRIES
from rapport.engine.metrics.relations.prospects import PROSPECTS as OPEN_LEADS
from rapport.engine.metrics.shapes import EVENT_TOTAL, STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

LEADS = MetricSpec(
    id="leads",
    name="Leads",
    room="sales",
    sentence="People who became a lead for the first time in the period.",
    formula="count of people whose first entry into the stage lead, or a later one, lies in the period",
    **EVENT_TOTAL,
    time_field="attribute_history.valid_from of contact.lifecycle_stage, else contact.created_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; as Fivetran dbt_salesforce `leads_created`, but by first entry, and merged people count once.",
    how_to_read="More leads help only if their quality holds: read it beside the win rate and the qualified leads.",
    not_when=(
        "Where stages were not recorded the day the contact was made stands in (counted as assumed). "
        "A bulk import without creation dates shows up as leads of the import's day."
    ),
    relation=STAGE_ENTRIES,
    figure=Amount(count("is_lead")),
    assumed_where=("is_lead",),
    variants=("mqls", "sqls", "prospects"),
)

MQLS = MetricSpec(
    id="mqls",
    name="Marketing-qualified leads",
    room="marketing",
    sentence="People who became marketing-qualified for the first time in the period.",
    formula="count of people whose first entry into the stage mql, or a later one, lies in the period",
    **EVENT_TOTAL,
    time_field="attribute_history.valid_from of contact.lifecycle_stage",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; dated like HubSpot's hs_v2_date_entered_* properties. Re-qualified people are not counted again.",
    how_to_read="How many leads marketing hands over. A skipped stage counts with the first later one.",
    not_when="Stages are kept by hand, or only the present one was imported: dates are then those of the import.",
    relation=STAGE_ENTRIES,
    figure=Amount(count("is_mql")),
    needs=("contacts.lifecycle_stage",),
    variants=("leads", "sqls"),
)

SQLS = MetricSpec(
    id="sqls",
    name="Sales-qualified leads",
    room="sales",
    sentence="People who became sales-qualified for the first time in the period.",
    formula="count of people whose first entry into the stage sql, or a later one, lies in the period",
    **EVENT_TOTAL,
    time_field="attribute_history.valid_from of contact.lifecycle_stage",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; dated like HubSpot's hs_v2_date_entered_* properties.",
    how_to_read="How many leads sales accepted. Compare with the marketing-qualified leads of the weeks before.",
    not_when="Stages are kept by hand, or only the present one was imported: dates are then those of the import.",
    relation=STAGE_ENTRIES,
    figure=Amount(count("is_sql")),
    needs=("contacts.lifecycle_stage",),
    variants=("leads", "mqls"),
)

PROSPECTS = MetricSpec(
    id="prospects",
    name="Prospects",
    room="sales",
    sentence="People who were leads at the end of the period.",
    formula="count of people whose stage was lead, mql or sql then",
    **STANDING_TOTAL,
    time_field="end of the period, or now",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="A stock: those who came and went within the period are not in it.",
    not_when="Dead leads keep their stage: they stay prospects for ever.",
    relation=OPEN_LEADS,
    figure=Amount(count()),
    variants=("leads",),
)
