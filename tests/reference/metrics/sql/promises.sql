-- by policy: policy
-- A promise counts with the opening of its case. Without deadline it is decided when it was met or broken.
SELECT {by} AS part,
    quantile_cont((epoch(met_at) - epoch(applied_at)) / 60, 0.5) FILTER (metric = 'first_response')
        AS first_response_time_from_promise,
    count(*) FILTER (CASE WHEN due_at IS NULL THEN met_at IS NOT NULL AND breached_at IS NULL ELSE met_at <= due_at END)
        / nullif(count(*) FILTER (due_at IS NOT NULL OR met_at IS NOT NULL OR breached_at IS NOT NULL), 0)
        AS sla_compliance_cohort
FROM sla_targets p JOIN real_cases k ON k.id = p.case_id WHERE opened_at >= $start AND opened_at < $end GROUP BY 1
