-- What several reckonings below share, written again from the definitions: money, customers, mails, calls.
CREATE MACRO eur(value, money, day) AS
    CASE WHEN coalesce(money, 'EUR') = 'EUR' THEN value::DOUBLE
    ELSE value::DOUBLE / (
        SELECT arg_max(r.per_base, r.date)::DOUBLE FROM exchange_rates r WHERE r.currency = money AND r.date <= day
    ) END;

-- purchases that were not given back in full
CREATE TABLE bought AS
SELECT o.*, coalesce(o.account_id, c.account_id, o.contact_id) AS who,
    coalesce(o.status = 'refunded', false) OR (o.amount > 0 AND coalesce(back >= o.amount, false)) AS undone
FROM orders o
LEFT JOIN contacts c ON c.id = o.contact_id
LEFT JOIN (SELECT order_id, sum(amount) AS back FROM refunds GROUP BY 1) r ON r.order_id = o.id
WHERE coalesce(o.status <> 'cancelled', true);

CREATE TABLE beginnings AS
SELECT who, contact_id, ordered_at AS since, 'order' AS kind FROM bought WHERE NOT undone AND who IS NOT NULL
UNION ALL
SELECT coalesce(d.account_id, c.account_id, d.contact_id), d.contact_id, d.closed_at, 'deal'
FROM deals d LEFT JOIN contacts c ON c.id = d.contact_id WHERE d.status = 'won' AND d.closed_at IS NOT NULL
UNION ALL
SELECT coalesce(t.account_id, c.account_id, t.contact_id), t.contact_id, t.started_at, 'contract'
FROM contracts t LEFT JOIN contacts c ON c.id = t.contact_id;
DELETE FROM beginnings WHERE who IS NULL OR since IS NULL;

CREATE TABLE customers AS SELECT who, min(since) AS since, arg_min(kind, since) AS kind FROM beginnings GROUP BY 1;

-- a deal that ended, without losses that were none
CREATE TABLE closed AS
SELECT d.*, eur(amount, currency, closed_at::DATE) AS worth FROM deals d
WHERE status IN ('won', 'lost') AND closed_at IS NOT NULL
    AND NOT (status = 'lost' AND coalesce(lower(lost_reason), '') IN ('duplicate', 'disqualified'));

-- calls of sales, a call told twice once
CREATE TABLE sales_calls AS
SELECT * FROM interactions WHERE type = 'call' AND case_id IS NULL AND queue IS NULL;

-- open doors: Monday to Friday, nine to five on the company's clock
CREATE TABLE doors AS
SELECT (day + INTERVAL 9 HOUR)::TIMESTAMPTZ AS opens, (day + INTERVAL 17 HOUR)::TIMESTAMPTZ AS closes
FROM generate_series(TIMESTAMP '2022-12-01', TIMESTAMP '2026-06-01', INTERVAL 1 DAY) AS days(day)
WHERE isodow(day) <= 5;

CREATE MACRO open_hours(since, until) AS (
    SELECT coalesce(sum(epoch(least(until, closes)) - epoch(greatest(since, opens))), 0) / 3600
    FROM doors WHERE opens < until AND closes > since
);

CREATE TABLE real_cases AS
SELECT *, coalesce(solved_at, closed_at) AS done FROM cases
WHERE NOT coalesce(is_spam, false) AND merged_into_id IS NULL;

-- contracts with their customer, from their start until they end or what renews them begins
CREATE TABLE terms AS
SELECT t.*, coalesce(t.account_id, c.account_id, t.contact_id) AS who,
    least(t.ended_at, (SELECT n.started_at FROM contracts n WHERE n.id = t.renewed_by_contract_id)) AS over
FROM contracts t LEFT JOIN contacts c ON c.id = t.contact_id;

-- who is the customer of a person
CREATE TABLE people AS SELECT id, coalesce(account_id, id) AS who FROM contacts;

-- what campaigns did to customers: sent to them, and were answered or met by them
CREATE TABLE touched AS
SELECT p.who, m.campaign_id, unnest([m.sent_at, m.responded_at]) AS at_
FROM campaign_members m JOIN people p ON p.id = m.contact_id WHERE NOT coalesce(m.is_holdout, false)
UNION ALL
SELECT coalesce(i.account_id, p.who), i.campaign_id, i.occurred_at
FROM interactions i LEFT JOIN people p ON p.id = i.contact_id
WHERE i.campaign_id IS NOT NULL AND i.type NOT IN ('email_bounce', 'email_spam', 'unsubscribe');

-- orders, and won deals that no order tells of
CREATE TABLE purchases AS
SELECT b.id, b.who, b.ordered_at AS at_, d.created_at AS deal_at
FROM bought b LEFT JOIN deals d ON d.id = b.deal_id
UNION ALL
SELECT d.id, coalesce(d.account_id, p.who), d.closed_at, d.created_at
FROM deals d LEFT JOIN people p ON p.id = d.contact_id
WHERE d.status = 'won' AND NOT EXISTS (FROM orders o WHERE o.deal_id = d.id);

-- what they were worth, and what was given back on its day
CREATE TABLE sold AS
SELECT id, campaign_id, ordered_at AS at_, 1 AS purchase, CASE WHEN status = 'refunded' AND NOT EXISTS (
    FROM refunds r WHERE r.order_id = bought.id) THEN 0 ELSE eur(amount, currency, ordered_at::DATE) END AS worth
FROM bought
UNION ALL
SELECT b.id, b.campaign_id, r.refunded_at, 0, -eur(r.amount, r.currency, r.refunded_at::DATE)
FROM refunds r JOIN bought b ON b.id = r.order_id
UNION ALL
SELECT d.id, d.campaign_id, d.closed_at, 1, eur(d.amount, d.currency, d.closed_at::DATE) FROM deals d
WHERE d.status = 'won' AND NOT EXISTS (FROM orders o WHERE o.deal_id = d.id);
