-- by campaign: campaign
-- Credit goes to the last campaign that touched somebody of the customer in the 30 days before the first purchase.
WITH people AS (SELECT id, coalesce(account_id, id) AS who FROM contacts),
touched AS (
    SELECT p.who, m.campaign_id, m.sent_at AS at_
    FROM campaign_members m JOIN people p ON p.id = m.contact_id WHERE NOT coalesce(m.is_holdout, false)
    UNION ALL
    SELECT p.who, m.campaign_id, m.responded_at
    FROM campaign_members m JOIN people p ON p.id = m.contact_id WHERE NOT coalesce(m.is_holdout, false)
    UNION ALL
    SELECT p.who, i.campaign_id, i.occurred_at FROM interactions i JOIN people p ON p.id = i.contact_id
    WHERE i.campaign_id IS NOT NULL
), credited AS (
    SELECT c.*, (SELECT arg_max(campaign_id, (at_, campaign_id)) FROM touched t WHERE t.who = c.who AND t.at_ <= c.since
        AND t.at_ >= c.since - INTERVAL 30 DAY) AS campaign FROM customers c
)
SELECT {by} AS part, count(*) FILTER (EXISTS (FROM costs k WHERE k.category = 'media' AND k.campaign_id = campaign)) AS paid_customers
FROM credited WHERE since >= $start AND since < $end GROUP BY 1
