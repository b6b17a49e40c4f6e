-- Who paid twelve months before the end, and what they pay at the end, at the rates of then.
WITH paid AS (
    SELECT who,
        coalesce(sum(worth) FILTER (started_at < then_ AND coalesce(over >= then_, true)), 0) AS before,
        coalesce(sum(worth) FILTER (started_at < $end AND coalesce(over >= $end, true)), 0) AS after
    FROM (SELECT *, $end - INTERVAL 1 YEAR AS then_, eur(monthly_amount, currency, ($end - INTERVAL 1 YEAR)::DATE) AS worth
        FROM terms) GROUP BY 1
)
SELECT 'all' AS part, sum(least(before, after)) / nullif(sum(before), 0) AS grr,
    sum(after) FILTER (before > 0) / nullif(sum(before), 0) AS nrr
FROM paid
