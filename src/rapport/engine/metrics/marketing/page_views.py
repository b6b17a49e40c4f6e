"""Page views and visits."""

from rapport.engine.metrics.aggregates import distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.activities import ACTIVITIES
from rapport.engine.metrics.shapes import EVENT_DISTINCT, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

PAGE_VIEWS = MetricSpec(
    id="page_views",
    name="Page views",
    room="marketing",
    sentence="Pages seen in the period, machines left out.",
    formula="count of interactions of type page_view, a message sent twice once",
    **EVENT_TOTAL,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Segment's page call.",
    how_to_read="Interest in a topic when split by path.",
    not_when="Visitors who refused consent are not seen; machines are left out only where they were found out.",
    relation=ACTIVITIES,
    figure=Amount(distinct("sent_as", "is_page_view")),
    needs=("interactions.type=page_view",),
    variants=("visits",),
)

VISITS = MetricSpec(
    id="visits",
    name="Visits",
    room="marketing",
    sentence="Different web sessions with a page view in the period.",
    formula="distinct session_id of page views",
    **EVENT_DISTINCT,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; a session is what the tracking calls one.",
    how_to_read="A session over midnight counts on both days, and once in the month.",
    not_when="The source sends no session id.",
    relation=ACTIVITIES,
    figure=Amount(distinct("session_id", "is_page_view")),
    needs=("interactions.type=page_view", "interactions.session_id"),
    variants=("page_views",),
)

UNIQUE_PAGE_VIEWS = MetricSpec(
    id="unique_page_views",
    name="Unique page views",
    room="marketing",
    sentence="Pages seen in the period, each once for a session, machines left out.",
    formula="distinct pairs of session_id and url_path of page views; without a session every view is its own",
    **EVENT_DISTINCT,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; as unique page views in web analytics.",
    how_to_read="Interest without those who reload a page. Far below the page views: pages are left and come back to.",
    not_when="The source sends no session id.",
    relation=ACTIVITIES,
    figure=Amount(distinct("seen_once", "is_page_view")),
    needs=("interactions.type=page_view", "interactions.session_id"),
    variants=("page_views", "visits"),
)
