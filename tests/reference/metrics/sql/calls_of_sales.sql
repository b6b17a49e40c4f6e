-- by owner: owner_id
-- A call is connected unless its outcome says otherwise; without outcome, if somebody talked.
SELECT {by} AS part, count(*) AS sales_calls,
    count(*) FILTER (
        CASE WHEN outcome IS NULL THEN duration_s > 0
        ELSE outcome NOT IN ('voicemail', 'no_answer', 'busy', 'failed') END) AS sales_calls_connected
FROM sales_calls WHERE occurred_at >= $start AND occurred_at < $end GROUP BY 1
