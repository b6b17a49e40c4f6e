WITH spent AS (
    SELECT sum(worth * greatest(0, least(until, $end::DATE) - greatest(first, $start::DATE)) / (until - first)) AS cost
    FROM (SELECT *, eur(amount, currency, first) AS worth FROM (
        SELECT *, coalesce(period_start, created_at::DATE) AS first,
            greatest(coalesce(period_end, coalesce(period_start, created_at::DATE) + 1),
                coalesce(period_start, created_at::DATE) + 1) AS until
        FROM costs WHERE category IN ('marketing', 'media')))
), qualified AS (
    SELECT count(*) FILTER (lifecycle_stage IN ('mql', 'sql', 'opportunity', 'customer')) AS m,
        count(*) FILTER (lifecycle_stage IN ('sql', 'opportunity', 'customer')) AS s
    FROM contacts WHERE created_at >= $start AND created_at < $end
)
SELECT 'all' AS part, cost / nullif(m, 0) AS cost_per_qualified_lead, cost / nullif(s, 0) AS cost_per_sql
FROM spent, qualified
