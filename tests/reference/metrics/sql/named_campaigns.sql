-- What names its campaign itself; refunds take back on their day, a deal with an order counts by the order.
SELECT {by} AS part, sum(worth) FILTER (campaign_id IS NOT NULL) AS campaign_revenue_primary
FROM sold WHERE at_ >= $start AND at_ < $end AND campaign_id IS NOT NULL GROUP BY 1
