-- by channel: channel
-- Campaigns by their start, and what they returned: revenue of the last campaign before, against what they cost.
WITH credited AS (
    SELECT p.id, (SELECT arg_max(t.campaign_id, (t.at_, t.campaign_id)) FROM touched t
        WHERE t.who = p.who AND t.at_ <= p.at_ AND epoch(p.at_) - epoch(t.at_) <= 30 * 86400) AS campaign
    FROM purchases p
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
