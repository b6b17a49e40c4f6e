-- by owner: owner_id
-- An amount is for the whole term; what recurs is told by the recurring amount, else by a term beyond a year.
WITH terms AS (
    SELECT *, coalesce(term_months, 12) AS months,
        CASE WHEN recurring_amount IS NOT NULL AND amount > 0
                THEN least(1, recurring_amount::DOUBLE * coalesce(term_months, 12) / amount::DOUBLE)
            WHEN coalesce(term_months, 12) > 12 THEN 1 ELSE 0 END AS recurs
    FROM closed WHERE status = 'won' AND type = 'new' AND closed_at >= $start AND closed_at < $end
)
SELECT {by} AS part,
    sum(worth) AS new_revenue_tcv,
    sum(worth * (1 - recurs)) AS new_revenue_one_off,
    sum(worth * recurs * least(1, 12 / months)) AS new_revenue_recurring,
    sum(worth * (1 - recurs) + worth * recurs * least(1, 12 / months)) AS new_revenue
FROM terms GROUP BY 1
