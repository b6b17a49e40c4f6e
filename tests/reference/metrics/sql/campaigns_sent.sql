-- by channel: channel
-- Campaigns that reached a member for the first time.
WITH reached AS (
    SELECT m.campaign_id, m.contact_id, min(coalesce(m.delivered_at, m.sent_at)) AS at_ FROM campaign_members m
    WHERE NOT coalesce(m.is_holdout, false) GROUP BY ALL
)
SELECT {by} AS part, count(DISTINCT r.campaign_id) AS campaigns_sent
FROM reached r LEFT JOIN campaigns c ON c.id = r.campaign_id WHERE at_ >= $start AND at_ < $end GROUP BY 1
