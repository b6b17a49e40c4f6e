-- by campaign: campaign
-- Purchases by the last campaign in the 7 and the 90 days before.
WITH told AS (
    SELECT p.at_, days, coalesce((SELECT arg_max(t.campaign_id, (t.at_, t.campaign_id)) FROM touched t
        WHERE t.who = p.who AND t.at_ <= p.at_ AND epoch(p.at_) - epoch(t.at_) <= days * 86400), 'unattributed') AS campaign
    FROM purchases p, (VALUES (7), (90)) AS windows(days)
)
SELECT {by} AS part,
    count(*) FILTER (days = 7) AS campaign_purchases_7_days,
    count(*) FILTER (days = 90) AS campaign_purchases_90_days
FROM told WHERE at_ >= $start AND at_ < $end AND (campaign <> 'unattributed' OR {by} <> 'all') GROUP BY 1
