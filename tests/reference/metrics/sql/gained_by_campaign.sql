-- New customers by the last campaign in the 30 days before they began, and by any that touched them in these days.
WITH people AS (SELECT id, coalesce(account_id, id) AS who FROM contacts),
touched AS (
    SELECT p.who, m.campaign_id, unnest([m.sent_at, m.responded_at]) AS at_
    FROM campaign_members m JOIN people p ON p.id = m.contact_id WHERE NOT coalesce(m.is_holdout, false)
    UNION ALL
    SELECT coalesce(i.account_id, p.who), i.campaign_id, i.occurred_at
    FROM interactions i LEFT JOIN people p ON p.id = i.contact_id
    WHERE i.campaign_id IS NOT NULL AND i.type NOT IN ('email_bounce', 'email_spam', 'unsubscribe')
), met AS (
    SELECT DISTINCT c.who, c.since, t.campaign_id AS campaign FROM customers c JOIN touched t
        ON t.who = c.who AND t.at_ <= c.since AND epoch(c.since) - epoch(t.at_) <= 30 * 86400
)
SELECT {by} AS part, count(DISTINCT who) AS campaign_new_customers, count(DISTINCT who) AS campaign_influenced_customers
FROM met WHERE since >= $start AND since < $end GROUP BY 1
