-- Against the period before, of the same length.
WITH asked AS (
    SELECT coalesce(message_id, id) AS message, occurred_at FROM interactions
    WHERE type IN ('form_submit', 'call', 'chat', 'email_reply') AND case_id IS NULL
        AND coalesce(direction = 'inbound', type IN ('form_submit', 'email_reply'))
), came AS (
    SELECT opened_at FROM real_cases k WHERE NOT EXISTS (
        FROM case_events e WHERE e.case_id = k.id AND e.type = 'opened' AND e.author_id IN (SELECT id FROM users))
), counted AS (
    SELECT (SELECT count(DISTINCT message) FROM asked WHERE occurred_at >= $start AND occurred_at < $end) AS asked_now,
        (SELECT count(DISTINCT message) FROM asked WHERE occurred_at >= $before AND occurred_at < $start) AS asked_then,
        (SELECT count(*) FROM came WHERE opened_at >= $start AND opened_at < $end) AS came_now,
        (SELECT count(*) FROM came WHERE opened_at >= $before AND opened_at < $start) AS came_then
)
SELECT 'all' AS part, (asked_now - asked_then) / nullif(asked_then, 0) AS inbound_inquiries_trend,
    (came_now - came_then) / nullif(came_then, 0) AS cases_from_customers_growth
FROM counted
