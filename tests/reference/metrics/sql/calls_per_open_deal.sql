-- by owner: owner_id
WITH counted AS (
    SELECT owner_id, count(*) AS calls, 0 AS deals FROM sales_calls
    WHERE occurred_at >= $start AND occurred_at < $end GROUP BY 1
    UNION ALL
    SELECT owner_id, 0, count(*) FROM deals
    WHERE (created_at < $start AND (status = 'open' OR closed_at >= $start)) OR (created_at >= $start AND created_at < $end)
    GROUP BY 1
)
SELECT {by} AS part, sum(calls) / nullif(sum(deals), 0) AS sales_calls_per_open_deal FROM counted GROUP BY 1
