-- by priority: priority
SELECT {by} AS part, count(DISTINCT case_id) FILTER (e.type = 'assigned') AS cases_assigned
FROM case_events e JOIN cases k ON k.id = e.case_id
WHERE NOT coalesce(is_spam, false) AND merged_into_id IS NULL AND occurred_at >= $start AND occurred_at < $end
GROUP BY 1
