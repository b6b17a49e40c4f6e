-- by campaign: campaign
-- Credit along the path to a purchase, by each rule; `direct` and `unattributed` are parts, but no campaign's.
WITH touches AS (
    SELECT who, campaign_id AS c, at_ FROM touched
    UNION ALL
    SELECT coalesce(i.account_id, p.who), 'direct', i.occurred_at FROM interactions i LEFT JOIN people p ON p.id = i.contact_id
    WHERE i.campaign_id IS NULL AND i.order_id IS NULL AND coalesce(i.direction <> 'outbound', true) AND i.type NOT IN (
        'email_bounce', 'email_spam', 'unsubscribe', 'email_sent', 'email_delivered', 'email_open', 'mail_sent',
        'auto_reply', 'note')
), leads AS (
    SELECT p.who, min(c.created_at) AS lead_at FROM contacts c JOIN people p USING (id)
    WHERE coalesce(c.lifecycle_stage, 'lead') <> 'visitor' GROUP BY 1
), paths AS (
    SELECT p.id, any_value(p.at_) AS at_, any_value(p.deal_at) AS deal_at, any_value(l.lead_at) AS lead_at,
        list({'c': t.c, 'at': t.at_} ORDER BY t.at_, t.c) AS path
    FROM purchases p LEFT JOIN leads l USING (who)
    JOIN touches t ON t.who = p.who AND t.at_ <= p.at_ AND t.at_ >= p.at_ - INTERVAL 720 HOUR
    GROUP BY 1
), runs AS (
    SELECT *, list_filter(path, (s, i) -> i = 1 OR path[i - 1].c <> s.c) AS begins,
        list_filter(path, (s, i) -> i = len(path) OR path[i + 1].c <> s.c) AS ends
    FROM paths
), counted AS (
    SELECT *, len(ends) AS every, len(ends) - (len(ends) > 1 AND ends[len(ends)].c = 'direct')::INT AS n FROM runs
), steps AS (
    SELECT id, at_, deal_at, lead_at, every, n, i, begins[i].c AS c, begins[i].at AS first_at, ends[i].at AS last_at
    FROM counted, range(1, every + 1) AS numbers(i)
), keyed AS (
    SELECT id, 1 AS i, 'first' AS key FROM counted
    UNION ALL SELECT id, n, 'last' FROM counted
    UNION ALL SELECT id, max(i), 'lead' FROM steps WHERE i <= n AND first_at <= lead_at GROUP BY 1
    UNION ALL SELECT id, max(i), 'deal' FROM steps WHERE i <= n AND first_at <= deal_at GROUP BY 1
), rules(model, rest) AS (VALUES
    ('first_touch', 0), ('linear', 1), ('position_based', 0.2), ('u_shaped_lead', 0.2), ('w_shaped', 0.1),
    ('full_path', 0.1)
), weights(model, key, weight) AS (VALUES
    ('first_touch', 'first', 1), ('position_based', 'first', 0.4), ('position_based', 'last', 0.4),
    ('u_shaped_lead', 'first', 0.4), ('u_shaped_lead', 'lead', 0.4),
    ('w_shaped', 'first', 0.3), ('w_shaped', 'lead', 0.3), ('w_shaped', 'deal', 0.3),
    ('full_path', 'first', 0.225), ('full_path', 'lead', 0.225), ('full_path', 'deal', 0.225), ('full_path', 'last', 0.225)
), own AS (
    SELECT r.model, r.rest, s.id, s.i, s.c, s.i <= s.n AS counts,
        (SELECT sum(weight) FROM weights w JOIN keyed k USING (key) WHERE w.model = r.model AND k.id = s.id AND k.i = s.i) AS got,
        (SELECT sum(weight) FROM weights w JOIN keyed k USING (key) WHERE w.model = r.model AND k.id = s.id) AS there
    FROM steps s, rules r
), shares AS (
    SELECT model, id, c, CASE WHEN NOT counts THEN 0 WHEN others = 0 THEN got / there
        WHEN got IS NULL THEN rest / others ELSE got / there * (1 - rest) END AS share
    FROM (SELECT *, count(*) FILTER (got IS NULL AND counts) OVER (PARTITION BY model, id) AS others FROM own)
    UNION ALL
    SELECT 'last_touch', id, c, (i = every)::INT FROM steps
    UNION ALL
    SELECT 'time_decay', id, c, w / sum(w) OVER (PARTITION BY id)
    FROM (SELECT *, 0.5 ** ((epoch(at_) - epoch(last_at)) / 604800) AS w FROM steps WHERE i <= n)
), credit AS (
    SELECT model, id, c AS campaign, share FROM shares
    UNION ALL
    SELECT model, s.id, 'unattributed', 1 FROM sold s, (SELECT DISTINCT model FROM shares)
    WHERE s.purchase = 1 AND s.id NOT IN (SELECT id FROM paths)
), told AS (
    SELECT model, campaign, purchase * share AS part, worth * share AS money
    FROM credit JOIN sold USING (id)
    WHERE at_ >= $start AND at_ < $end AND (campaign NOT IN ('direct', 'unattributed') OR {by} <> 'all')
)
SELECT {by} AS part,
    sum(money) FILTER (model = 'first_touch') AS campaign_revenue_first_touch,
    sum(money) FILTER (model = 'last_touch') AS campaign_revenue_last_touch,
    sum(money) FILTER (model = 'linear') AS campaign_revenue_linear,
    sum(money) FILTER (model = 'position_based') AS campaign_revenue_position_based,
    sum(money) FILTER (model = 'u_shaped_lead') AS campaign_revenue_u_shaped_lead,
    sum(money) FILTER (model = 'w_shaped') AS campaign_revenue_w_shaped,
    sum(money) FILTER (model = 'full_path') AS campaign_revenue_full_path,
    sum(money) FILTER (model = 'time_decay') AS campaign_revenue_time_decay,
    sum(part) FILTER (model = 'first_touch') AS campaign_purchases_first_touch,
    sum(part) FILTER (model = 'last_touch') AS campaign_purchases_last_touch,
    sum(part) FILTER (model = 'linear') AS campaign_purchases_linear,
    sum(part) FILTER (model = 'position_based') AS campaign_purchases_position_based,
    sum(part) FILTER (model = 'u_shaped_lead') AS campaign_purchases_u_shaped_lead,
    sum(part) FILTER (model = 'w_shaped') AS campaign_purchases_w_shaped,
    sum(part) FILTER (model = 'full_path') AS campaign_purchases_full_path,
    sum(part) FILTER (model = 'time_decay') AS campaign_purchases_time_decay
FROM told GROUP BY 1
