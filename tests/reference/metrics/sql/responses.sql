-- by priority: priority
-- The first public reply of a human agent; where an agent opened the case in public, the first one after that.
WITH answered AS (
    SELECT k.*, (
        SELECT min(occurred_at) FROM case_events e WHERE e.case_id = k.id AND e.type = 'reply_by_agent'
            AND coalesce(e.is_public, true) AND NOT coalesce(e.is_automatic, false)
            AND (e.occurred_at > k.opened_at OR NOT EXISTS (
                FROM case_events o WHERE o.case_id = k.id AND o.type = 'opened' AND coalesce(o.is_public, true)
                    AND o.author_id IN (SELECT id FROM users)))) AS reply,
        EXISTS (FROM case_events e WHERE e.case_id = k.id AND e.type IN ('reply_by_agent', 'reply_by_customer')) AS tells
    FROM cases k WHERE NOT coalesce(is_spam, false) AND merged_into_id IS NULL
), minutes AS (
    SELECT *, (epoch(CASE WHEN tells THEN reply ELSE first_response_at END) - epoch(opened_at)) / 60 AS m FROM answered
)
SELECT {by} AS part, quantile_cont(m, 0.5) FILTER (m >= 0) AS first_response_time,
    quantile_cont(m, 0.9) FILTER (m >= 0) AS first_response_time_p90, avg(m) FILTER (m >= 0) AS first_response_time_mean
FROM minutes WHERE opened_at >= $start AND opened_at < $end GROUP BY 1
