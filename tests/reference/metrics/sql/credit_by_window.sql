-- by campaign: campaign
-- Purchases by the last campaign in the 7 and the 90 days before.
WITH people AS (SELECT id, coalesce(account_id, id) AS who FROM contacts),
touched AS (
    SELECT p.who, m.campaign_id, unnest([m.sent_at, m.responded_at]) AS at_
    FROM campaign_members m JOIN people p ON p.id = m.contact_id WHERE NOT coalesce(m.is_holdout, false)
    UNION ALL
    SELECT coalesce(i.account_id, p.who), i.campaign_id, i.occurred_at
    FROM interactions i LEFT JOIN people p ON p.id = i.contact_id
    WHERE i.campaign_id IS NOT NULL AND i.type NOT IN ('email_bounce', 'email_spam', 'unsubscribe')
), purchases AS (
    SELECT who, ordered_at AS at_ FROM bought
    UNION ALL
    SELECT coalesce(d.account_id, p.who), d.closed_at FROM deals d LEFT JOIN people p ON p.id = d.contact_id
    WHERE d.status = 'won' AND NOT EXISTS (FROM orders o WHERE o.deal_id = d.id)
), told AS (
    SELECT p.at_, days, coalesce((SELECT arg_max(t.campaign_id, (t.at_, t.campaign_id)) FROM touched t
        WHERE t.who = p.who AND t.at_ <= p.at_ AND epoch(p.at_) - epoch(t.at_) <= days * 86400), 'unattributed') AS campaign
    FROM purchases p, (VALUES (7), (90)) AS windows(days)
)
SELECT {by} AS part,
    count(*) FILTER (days = 7) AS campaign_purchases_7_days,
    count(*) FILTER (days = 90) AS campaign_purchases_90_days
FROM told WHERE at_ >= $start AND at_ < $end AND (campaign <> 'unattributed' OR {by} <> 'all') GROUP BY 1
