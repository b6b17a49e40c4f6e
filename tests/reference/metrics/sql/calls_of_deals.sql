-- by owner: owner_id
-- A call that names no deal is about that of the contact's deals open then which was made last.
WITH linked AS (
    SELECT c.occurred_at, coalesce(c.deal_id, (
        SELECT arg_max(d.id, d.created_at) FROM deals d
        WHERE d.contact_id = c.contact_id AND d.created_at <= c.occurred_at
            AND (d.closed_at IS NULL OR d.closed_at > c.occurred_at))) AS deal
    FROM sales_calls c
)
SELECT {by} AS part,
    sum((SELECT count(*) FROM linked l WHERE l.deal = closed.id AND l.occurred_at <= closed.closed_at)) / count(*)
        AS sales_calls_per_deal
FROM closed WHERE closed_at >= $start AND closed_at < $end GROUP BY 1
