-- by priority: priority
SELECT {by} AS part, count(*) AS cases_solved_28d FROM cases k
WHERE NOT coalesce(is_spam, false) AND merged_into_id IS NULL
    AND coalesce(solved_at, closed_at) >= $end - INTERVAL 28 DAY AND coalesce(solved_at, closed_at) < $end
    AND NOT EXISTS (FROM case_events e WHERE e.case_id = k.id AND e.type = 'reopened'
        AND e.occurred_at > coalesce(k.solved_at, k.closed_at))
GROUP BY 1
