-- by category: category
WITH days AS (
    SELECT *, eur(amount, currency, first) AS worth FROM (
        SELECT *, coalesce(period_start, created_at::DATE) AS first,
            greatest(coalesce(period_end, coalesce(period_start, created_at::DATE) + 1),
                coalesce(period_start, created_at::DATE) + 1) AS until
        FROM costs WHERE category IN ('retention', 'loyalty'))
)
SELECT {by} AS part,
    sum(worth * greatest(0, least(until, $end::DATE) - greatest(first, $start::DATE)) / (until - first)) AS retention_cost
FROM days WHERE first < $end::DATE AND until > $start::DATE GROUP BY 1
