-- by channel: channel
-- Campaigns by their start, and what they returned: revenue of the last campaign before, against what they cost.
WITH people AS (SELECT id, coalesce(account_id, id) AS who FROM contacts),
touched AS (
    SELECT p.who, m.campaign_id, unnest([m.sent_at, m.responded_at]) AS at_
    FROM campaign_members m JOIN people p ON p.id = m.contact_id WHERE NOT coalesce(m.is_holdout, false)
    UNION ALL
    SELECT coalesce(i.account_id, p.who), i.campaign_id, i.occurred_at
    FROM interactions i LEFT JOIN people p ON p.id = i.contact_id
    WHERE i.campaign_id IS NOT NULL AND i.type NOT IN ('email_bounce', 'email_spam', 'unsubscribe')
), purchases AS (
    SELECT id, who, ordered_at AS at_ FROM bought
    UNION ALL
    SELECT d.id, coalesce(d.account_id, p.who), d.closed_at FROM deals d LEFT JOIN people p ON p.id = d.contact_id
    WHERE d.status = 'won' AND NOT EXISTS (FROM orders o WHERE o.deal_id = d.id)
), credited AS (
    SELECT p.id, (SELECT arg_max(t.campaign_id, (t.at_, t.campaign_id)) FROM touched t
        WHERE t.who = p.who AND t.at_ <= p.at_ AND epoch(p.at_) - epoch(t.at_) <= 30 * 86400) AS campaign
    FROM purchases p
), sold AS (
    SELECT id, CASE WHEN status = 'refunded' AND NOT EXISTS (FROM refunds r WHERE r.order_id = bought.id) THEN 0
        ELSE eur(amount, currency, ordered_at::DATE) END AS worth FROM bought
    UNION ALL
    SELECT b.id, -eur(r.amount, r.currency, r.refunded_at::DATE) FROM refunds r JOIN bought b ON b.id = r.order_id
    UNION ALL
    SELECT d.id, eur(d.amount, d.currency, d.closed_at::DATE) FROM deals d
    WHERE d.status = 'won' AND NOT EXISTS (FROM orders o WHERE o.deal_id = d.id)
), kept AS (
    SELECT sum(eur(margin, currency, ordered_at::DATE)) / sum(eur(amount, currency, ordered_at::DATE)) AS share
    FROM bought WHERE NOT undone AND amount > 0 AND margin IS NOT NULL
        AND eur(amount, currency, ordered_at::DATE) IS NOT NULL
), lives AS (
    SELECT c.*, coalesce((SELECT sum(worth) FROM credited d JOIN sold s USING (id) WHERE d.campaign = c.id), 0) AS revenue,
        coalesce((SELECT sum(eur(k.amount, k.currency, coalesce(k.period_start, k.created_at::DATE))) FROM costs k
            WHERE k.campaign_id = c.id AND k.category IN ('sales', 'marketing', 'media')),
            eur(c.actual_cost, c.currency, c.started_at::DATE)) AS cost
    FROM campaigns c
)
SELECT {by} AS part,
    count(*) FILTER (coalesce(status NOT IN ('planned', 'cancelled'), true)
        AND NOT EXISTS (FROM campaigns sub WHERE sub.parent_campaign_id = lives.id)) AS campaigns_launched,
    sum(revenue - cost) FILTER (cost > 0) / nullif(sum(cost) FILTER (cost > 0), 0) AS campaign_roi,
    sum(revenue * (SELECT share FROM kept) - cost) FILTER (cost > 0) / nullif(sum(cost) FILTER (cost > 0), 0) AS campaign_roi_margin,
    sum(revenue) FILTER (cost > 0) / nullif(sum(cost) FILTER (cost > 0), 0) AS roas
FROM lives WHERE started_at >= $start AND started_at < $end GROUP BY 1
