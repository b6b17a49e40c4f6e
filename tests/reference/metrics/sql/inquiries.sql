-- by type: type
WITH asked AS (
    SELECT * FROM interactions WHERE type IN ('form_submit', 'call', 'chat', 'email_reply', 'message')
        AND case_id IS NULL AND coalesce(direction = 'inbound', type = 'form_submit')
)
SELECT {by} AS part,
    count(DISTINCT coalesce(message_id, id)) FILTER (occurred_at >= $start AND occurred_at < $end) AS inbound_inquiries
FROM asked GROUP BY 1
