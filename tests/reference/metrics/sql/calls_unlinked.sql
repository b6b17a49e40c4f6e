-- by owner: owner_id
SELECT {by} AS part, count(*) AS sales_calls_unlinked FROM sales_calls c
WHERE occurred_at >= $start AND occurred_at < $end AND deal_id IS NULL AND NOT EXISTS (
    FROM deals d WHERE d.contact_id = c.contact_id AND d.created_at <= c.occurred_at
        AND (d.closed_at IS NULL OR d.closed_at > c.occurred_at))
GROUP BY 1
