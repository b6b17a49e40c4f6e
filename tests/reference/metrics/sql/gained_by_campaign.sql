-- New customers by the last campaign in the 30 days before they began, and by any that touched them in these days.
WITH met AS (
    SELECT DISTINCT c.who, c.since, t.campaign_id AS campaign FROM customers c JOIN touched t
        ON t.who = c.who AND t.at_ <= c.since AND epoch(c.since) - epoch(t.at_) <= 30 * 86400
)
SELECT {by} AS part, count(DISTINCT who) AS campaign_new_customers, count(DISTINCT who) AS campaign_influenced_customers
FROM met WHERE since >= $start AND since < $end GROUP BY 1
