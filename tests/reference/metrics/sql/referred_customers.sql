-- by first_by: kind
-- Somebody of the customer was known before the first purchase, and referred by a contact of another customer.
WITH people AS (SELECT *, coalesce(account_id, id) AS who FROM contacts),
told AS (
    SELECT c.*, EXISTS (
        FROM people p LEFT JOIN people r ON r.id = p.referred_by_contact_id
        WHERE p.who = c.who AND p.referred_by_contact_id <> p.id AND p.created_at <= c.since
            AND coalesce(r.who <> c.who, true)) AS referred
    FROM customers c
)
SELECT {by} AS part, count(*) FILTER (referred) AS referral_new_customers, count(*) FILTER (referred) / count(*) AS referral_rate
FROM told WHERE since >= $start AND since < $end GROUP BY 1
