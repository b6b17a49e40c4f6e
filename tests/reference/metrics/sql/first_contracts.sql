-- by account: account_id
-- What new customers began with: contracts that start within 30 days of becoming one.
SELECT {by} AS part, sum(eur(t.monthly_amount, t.currency, t.started_at::DATE)) AS new_customer_mrr
FROM customers c JOIN terms t ON t.who = c.who AND t.started_at <= c.since + INTERVAL 30 DAY
LEFT JOIN accounts a ON a.id = t.account_id
WHERE c.since >= $start AND c.since < $end GROUP BY 1
