-- by stage: stage
SELECT {by} AS part, avg(days) AS stage_duration_mean, quantile_cont(days, 0.5) AS stage_duration,
    quantile_cont(days, 0.9) AS stage_duration_p90
FROM (SELECT stage, left_at, (epoch(left_at) - epoch(entered_at)) / 86400 AS days FROM deal_stage_visits)
WHERE left_at >= $start AND left_at < $end GROUP BY 1
