-- by priority: priority
-- Cases by their first solve; what the customer solved is left out, and whoever came back within 7 days was not done.
WITH solved AS (
    SELECT k.*, least((SELECT min(occurred_at) FROM case_events e WHERE e.case_id = k.id AND e.type = 'solved'), k.done)
        AS first_done FROM real_cases k
), told AS (
    SELECT s.*,
        (SELECT count(*) FROM case_events e WHERE e.case_id = s.id AND e.type = 'reply_by_agent'
            AND coalesce(e.is_public, true) AND NOT coalesce(e.is_automatic, false)
            AND e.occurred_at <= s.first_done + INTERVAL 168 HOUR) AS replies,
        EXISTS (FROM case_events e WHERE e.case_id = s.id AND e.type IN ('reply_by_agent', 'reply_by_customer')) AS tells,
        EXISTS (FROM case_events e WHERE e.case_id = s.id AND e.type = 'reopened'
            AND e.occurred_at BETWEEN s.first_done AND s.first_done + INTERVAL 168 HOUR)
        OR EXISTS (FROM real_cases n WHERE n.id <> s.id AND n.contact_id = s.contact_id
            AND n.opened_at > s.first_done AND n.opened_at <= s.first_done + INTERVAL 168 HOUR)
        OR EXISTS (FROM interactions i WHERE i.contact_id = s.contact_id AND i.direction = 'inbound'
            AND i.queue IS NOT NULL AND i.case_id IS NULL
            AND i.occurred_at > s.first_done AND i.occurred_at <= s.first_done + INTERVAL 168 HOUR) AS back
    FROM solved s WHERE NOT EXISTS (
        FROM case_events e WHERE e.case_id = s.id AND e.type = 'solved' AND e.occurred_at = s.first_done
            AND e.author_id = s.contact_id)
)
SELECT {by} AS part,
    count(*) FILTER (NOT back AND replies <= 1) / nullif(count(*), 0) AS first_contact_resolution,
    count(*) FILTER (replies = 1) / nullif(count(*), 0) AS one_touch_resolution,
    count(*) FILTER (replies = 0) / nullif(count(*), 0) AS zero_reply_resolution
FROM told WHERE tells AND first_done >= $start AND first_done < $end GROUP BY 1
