-- by owner: owner_id
WITH quotes AS (
    SELECT deal_id, min(sent_at) AS sent, min(accepted_at) AS accepted
    FROM proposals WHERE sent_at IS NOT NULL GROUP BY deal_id, coalesce(number, id)
)
SELECT {by} AS part,
    count(*) FILTER (type = 'cross_sell' AND accepted <= sent + INTERVAL 90 DAY)
        / nullif(count(*) FILTER (type = 'cross_sell'), 0) AS cross_sell_offer_rate,
    count(*) FILTER (type = 'up_sell' AND accepted <= sent + INTERVAL 90 DAY)
        / nullif(count(*) FILTER (type = 'up_sell'), 0) AS up_sell_offer_rate
FROM quotes JOIN deals ON deals.id = deal_id WHERE sent >= $start AND sent < $end GROUP BY 1
