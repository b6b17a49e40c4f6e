-- by owner: owner_id
-- Revisions share deal and number: dated by the first sending, worth what the last one says.
WITH quotes AS (
    SELECT deal_id, min(sent_at) AS sent, max_by(struct_pack(value := amount, money := currency), (sent_at, id)) AS newest
    FROM proposals WHERE sent_at IS NOT NULL GROUP BY deal_id, coalesce(number, id)
)
SELECT {by} AS part, count(*) AS proposals_made,
    sum(eur(newest.value, newest.money, sent::DATE)) AS proposals_value
FROM quotes LEFT JOIN deals d ON d.id = deal_id
WHERE sent >= $start AND sent < $end GROUP BY 1
