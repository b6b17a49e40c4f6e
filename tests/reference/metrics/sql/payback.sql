-- Acquisition cost against what new customers began with.
WITH spent AS (
    SELECT sum(worth * greatest(0, least(until, $end::DATE) - greatest(first, $start::DATE)) / (until - first)) AS cost
    FROM (SELECT *, eur(amount, currency, first) AS worth FROM (
        SELECT *, coalesce(period_start, created_at::DATE) AS first,
            greatest(coalesce(period_end, coalesce(period_start, created_at::DATE) + 1),
                coalesce(period_start, created_at::DATE) + 1) AS until
        FROM costs WHERE category IN ('sales', 'marketing', 'media')))
), begun AS (
    SELECT sum(eur(t.monthly_amount, t.currency, t.started_at::DATE)) AS recurring
    FROM customers c JOIN terms t ON t.who = c.who AND t.started_at <= c.since + INTERVAL 30 DAY
    WHERE c.since >= $start AND c.since < $end
)
SELECT 'all' AS part, cost / nullif(recurring, 0) AS cac_payback_months_revenue FROM spent, begun
