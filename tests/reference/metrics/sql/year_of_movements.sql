-- Twelve months up to the end, month by month, at the rates of their beginning.
WITH steps AS (
    SELECT since, since + INTERVAL 1 MONTH AS until
    FROM generate_series($end - INTERVAL 1 YEAR, $end - INTERVAL 1 DAY, INTERVAL 1 MONTH) AS months(since)
), paid AS (
    SELECT since, until, who,
        coalesce(sum(worth) FILTER (started_at < since AND coalesce(over >= since, true)), 0) AS before,
        coalesce(sum(worth) FILTER (started_at < until AND coalesce(over >= until, true)), 0) AS after
    FROM steps, (SELECT *, eur(monthly_amount, currency, ($end - INTERVAL 1 YEAR)::DATE) AS worth FROM terms) AS t
    GROUP BY ALL
)
SELECT 'all' AS part, (sum(before) FILTER (since = $end - INTERVAL 1 YEAR) - sum(greatest(0, before - after)))
    / nullif(sum(before) FILTER (since = $end - INTERVAL 1 YEAR), 0) AS grr_from_movements
FROM paid
