-- by priority: priority
-- The last solve counts; a case re-opened since is not solved.
WITH real AS (
    SELECT k.*, coalesce(solved_at, closed_at) AS done,
        (SELECT max(occurred_at) FROM case_events e WHERE e.case_id = k.id AND e.type = 'reopened') AS last_back,
        (SELECT min(occurred_at) FROM case_events e WHERE e.case_id = k.id AND e.type = 'reopened') AS first_back,
        least((SELECT min(occurred_at) FROM case_events e WHERE e.case_id = k.id AND e.type = 'solved'),
            coalesce(solved_at, closed_at)) AS first_done
    FROM cases k WHERE NOT coalesce(is_spam, false) AND merged_into_id IS NULL
), solved AS (
    SELECT *, (epoch(done) - epoch(opened_at)) / 3600 AS hours FROM real
    WHERE done >= $start AND done < $end AND coalesce(last_back <= done, true)
)
SELECT {by} AS part, count(*) AS cases_solved,
    count(*) FILTER (first_done::DATE = opened_at::DATE) / count(*) AS cases_closed_same_day_per_closed,
    count(*) FILTER (first_back <= done) / count(*) AS reopen_rate,
    avg(hours) FILTER (hours >= 0) AS avg_time_to_resolution,
    quantile_cont(hours, 0.5) FILTER (hours >= 0) AS median_time_to_resolution,
    avg(hours) FILTER (hours >= 0 AND type = 'complaint') AS avg_complaint_resolution_time,
    avg(done::DATE - opened_at::DATE) FILTER (hours >= 0 AND type = 'complaint') AS complaint_resolution_days
FROM solved GROUP BY 1
