-- by campaign: campaign
-- Credit goes to the last campaign that touched somebody of the customer in the 30 days before the first purchase.
WITH credited AS (
    SELECT c.*, (SELECT arg_max(campaign_id, (at_, campaign_id)) FROM touched t WHERE t.who = c.who AND t.at_ <= c.since
        AND t.at_ >= c.since - INTERVAL 30 DAY) AS campaign FROM customers c
)
SELECT {by} AS part, count(*) FILTER (EXISTS (FROM costs k WHERE k.category = 'media' AND k.campaign_id = campaign)) AS paid_customers
FROM credited WHERE since >= $start AND since < $end GROUP BY 1
