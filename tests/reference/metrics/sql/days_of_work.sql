WITH turns AS (
    SELECT id, least(opened_at, done) AS turned, true AS opens FROM real_cases
    UNION ALL SELECT id, done, false FROM real_cases WHERE done IS NOT NULL
    UNION ALL SELECT case_id, occurred_at, type = 'reopened' FROM case_events WHERE type IN ('solved', 'reopened')
), state AS (
    SELECT id, arg_max(opens, (turned, NOT opens)) AS open FROM turns WHERE turned < $end GROUP BY 1
), counted AS (
    SELECT (SELECT count(*) FROM real_cases JOIN state USING (id) WHERE open) AS waiting,
        (SELECT count(*) FROM real_cases k WHERE done >= $end - INTERVAL 28 DAY AND done < $end AND NOT EXISTS (
            FROM case_events e WHERE e.case_id = k.id AND e.type = 'reopened' AND e.occurred_at > k.done)) AS solved
)
SELECT 'all' AS part, waiting / nullif(solved / 28, 0) AS backlog_days FROM counted
