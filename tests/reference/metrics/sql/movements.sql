-- Month by month of the period: what each customer paid a month at its start and its end, at the rates of $start.
WITH steps AS (
    SELECT since, since + INTERVAL 1 MONTH AS until
    FROM generate_series($start, $end - INTERVAL 1 DAY, INTERVAL 1 MONTH) AS months(since)
), paid AS (
    SELECT since, until, who,
        coalesce(sum(worth) FILTER (started_at < since AND coalesce(over >= since, true)), 0) AS before,
        coalesce(sum(worth) FILTER (started_at < until AND coalesce(over >= until, true)), 0) AS after
    FROM steps, (SELECT *, eur(monthly_amount, currency, $start::DATE) AS worth FROM terms) AS t
    GROUP BY ALL
), moved AS (
    SELECT *, (SELECT min(started_at) FROM terms t WHERE t.who = paid.who AND t.monthly_amount > 0) AS first_paid
    FROM paid
)
SELECT 'all' AS part,
    sum(after - before) FILTER (before = 0 AND after > 0 AND first_paid >= since) AS new_mrr,
    sum(after - before) FILTER (before = 0 AND after > 0 AND first_paid < since) AS reactivation_mrr,
    sum(after - before) FILTER (before > 0 AND after > before) AS expansion_mrr,
    sum(before - after) FILTER (after > 0 AND after < before) AS contraction_mrr,
    sum(before) FILTER (after = 0) AS churned_mrr,
    sum(after - before) AS net_new_mrr,
    sum(greatest(0, before - after)) / nullif(sum(before) FILTER (since = $start), 0) AS revenue_churn_rate,
    sum(before) FILTER (after = 0) / nullif(sum(before) FILTER (since = $start), 0) AS revenue_churn_rate_lost_customers,
    sum(CASE WHEN before > 0 THEN before - after WHEN first_paid < since THEN before - after END)
        / nullif(sum(before) FILTER (since = $start), 0) AS revenue_churn_rate_net
FROM moved
