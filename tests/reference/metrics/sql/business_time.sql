-- by priority: priority
WITH solved AS (
    SELECT *, open_hours(opened_at, done) AS hours FROM real_cases k
    WHERE done >= $start AND done < $end AND done >= opened_at AND NOT EXISTS (
        FROM case_events e WHERE e.case_id = k.id AND e.type = 'reopened' AND e.occurred_at > k.done)
)
SELECT {by} AS part, avg(hours) AS avg_time_to_resolution_business,
    quantile_cont(hours, 0.5) AS median_time_to_resolution_business,
    quantile_cont(hours, 0.9) AS p90_time_to_resolution_business,
    avg(hours) FILTER (type = 'complaint') AS avg_complaint_resolution_time_business
FROM solved GROUP BY 1
