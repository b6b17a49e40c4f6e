-- by category: category
-- Spread evenly over the days of the service, the end excluded; without days, on the day it was recorded.
WITH days AS (
    SELECT *, eur(amount, currency, first) AS worth FROM (
        SELECT *, coalesce(period_start, created_at::DATE) AS first,
            greatest(coalesce(period_end, coalesce(period_start, created_at::DATE) + 1),
                coalesce(period_start, created_at::DATE) + 1) AS until
        FROM costs WHERE category IN ('sales', 'marketing', 'media'))
), spread AS (
    SELECT *, worth * greatest(0, least(until, $end::DATE) - greatest(first, $start::DATE)) / (until - first) AS here
    FROM days
)
SELECT {by} AS part, sum(here) FILTER (category <> 'sales') AS marketing_cost,
    sum(here) FILTER (category = 'media') AS media_cost, sum(here) FILTER (category = 'sales') AS sales_cost
FROM spread WHERE here <> 0 OR worth IS NULL GROUP BY 1
