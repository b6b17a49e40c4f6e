-- by priority: priority
WITH real AS (
    SELECT k.*, coalesce(solved_at, closed_at) AS done,
        least((SELECT min(occurred_at) FROM case_events e WHERE e.case_id = k.id AND e.type = 'solved'),
            coalesce(solved_at, closed_at)) AS first_done,
        coalesce((SELECT arg_min(author_id, (occurred_at, id)) FROM case_events e
            WHERE e.case_id = k.id AND e.type = 'opened') IN (SELECT id FROM users), false) AS by_agent
    FROM cases k WHERE NOT coalesce(is_spam, false) AND merged_into_id IS NULL
)
SELECT {by} AS part, count(*) AS cases_opened, count(*) FILTER (NOT by_agent) AS cases_from_customers,
    count(*) FILTER (first_done::DATE = opened_at::DATE) AS cases_closed_same_day_count,
    count(*) FILTER (first_done::DATE = opened_at::DATE) / count(*) AS cases_closed_same_day,
    count(*) FILTER (first_done >= opened_at AND first_done <= opened_at + INTERVAL 24 HOUR) / count(*)
        AS cases_closed_within_24h,
    avg((epoch(first_done) - epoch(opened_at)) / 3600) FILTER (first_done >= opened_at) AS first_resolution_time,
    quantile_cont((epoch(first_done) - epoch(opened_at)) / 3600, 0.5) FILTER (first_done >= opened_at)
        AS median_first_resolution_time
FROM real WHERE opened_at >= $start AND opened_at < $end GROUP BY 1
