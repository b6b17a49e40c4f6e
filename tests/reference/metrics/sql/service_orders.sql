-- An order is claimed by the last interaction with service in the 7 days before it.
WITH served AS (
    SELECT i.id, i.occurred_at, coalesce(i.account_id, c.account_id, i.contact_id) AS who
    FROM interactions i LEFT JOIN contacts c ON c.id = i.contact_id
    WHERE (i.queue IS NOT NULL OR i.case_id IS NOT NULL) AND coalesce(i.direction <> 'internal', true)
), sold AS (
    SELECT id AS purchase, who, ordered_at, ordered_at AS sold_at, CASE WHEN status = 'refunded' AND NOT EXISTS (
        FROM refunds r WHERE r.order_id = bought.id) THEN 0 ELSE eur(amount, currency, ordered_at::DATE) END AS worth
    FROM bought
    UNION ALL
    SELECT b.id, b.who, b.ordered_at, r.refunded_at, -eur(r.amount, r.currency, r.refunded_at::DATE)
    FROM refunds r JOIN bought b ON b.id = r.order_id
), claimed AS (
    SELECT *, (SELECT arg_max(id, (occurred_at, id)) FROM served v WHERE v.who = sold.who
        AND v.occurred_at <= sold.ordered_at AND v.occurred_at >= sold.ordered_at - INTERVAL 168 HOUR) AS claimant
    FROM sold
), here AS (SELECT * FROM served WHERE occurred_at >= $start AND occurred_at < $end)
SELECT 'all' AS part,
    coalesce((SELECT sum(worth) FROM claimed WHERE claimant IN (SELECT id FROM here)), 0) / nullif(count(*), 0)
        AS revenue_per_service_interaction,
    coalesce((SELECT sum(worth) FROM sold WHERE sold_at >= $start AND sold_at < $end
        AND who IN (SELECT who FROM here)), 0) / nullif(count(*), 0) AS revenue_of_served_customers_per_interaction
FROM here
