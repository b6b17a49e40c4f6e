-- by currency: currency
-- At the instant of the end, so at the rate of the day that begins. Running: begun, not ended, not renewed by one that has begun; a term over runs on tacitly.
WITH running AS (
    SELECT t.*, coalesce(t.account_id, c.account_id, t.contact_id) AS who,
        eur(monthly_amount, currency, $end::DATE) AS worth
    FROM contracts t LEFT JOIN contacts c ON c.id = t.contact_id
    WHERE started_at < $end AND (ended_at IS NULL OR ended_at >= $end)
        AND NOT EXISTS (FROM contracts n WHERE n.id = t.renewed_by_contract_id AND n.started_at < $end)
)
SELECT {by} AS part, sum(worth) AS mrr, 12 * sum(worth) AS arr, count(DISTINCT who) FILTER (worth > 0) AS paying_customers,
    sum(worth) / nullif(count(DISTINCT who) FILTER (worth > 0), 0) AS arpa
FROM running GROUP BY 1
