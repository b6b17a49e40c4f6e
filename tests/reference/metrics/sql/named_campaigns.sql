-- What names its campaign itself; refunds take back on their day, a deal with an order counts by the order.
WITH sold AS (
    SELECT campaign_id, ordered_at AS sold_at, CASE WHEN status = 'refunded' AND NOT EXISTS (
        FROM refunds r WHERE r.order_id = bought.id) THEN 0 ELSE eur(amount, currency, ordered_at::DATE) END AS worth
    FROM bought
    UNION ALL
    SELECT b.campaign_id, r.refunded_at, -eur(r.amount, r.currency, r.refunded_at::DATE)
    FROM refunds r JOIN bought b ON b.id = r.order_id
    UNION ALL
    SELECT campaign_id, closed_at, eur(amount, currency, closed_at::DATE) FROM deals d
    WHERE status = 'won' AND NOT EXISTS (FROM orders o WHERE o.deal_id = d.id)
)
SELECT {by} AS part, sum(worth) FILTER (campaign_id IS NOT NULL) AS campaign_revenue_primary
FROM sold WHERE sold_at >= $start AND sold_at < $end AND campaign_id IS NOT NULL GROUP BY 1
