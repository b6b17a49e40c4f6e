-- by product: product_id
-- Followed by the contract it names, or by one of the customer for the same product; or simply running on.
WITH terms AS (
    SELECT t.*, coalesce(t.account_id, c.account_id, t.contact_id) AS who
    FROM contracts t LEFT JOIN contacts c ON c.id = t.contact_id
), due AS (
    SELECT *, (
        SELECT arg_min(struct_pack(amount := n.monthly_amount, money := n.currency), (n.started_at, n.id)) FROM terms n
        WHERE n.started_at <= o.term_end_at + INTERVAL 30 DAY AND CASE
            WHEN o.renewed_by_contract_id IS NOT NULL THEN n.id = o.renewed_by_contract_id
            ELSE n.id <> o.id AND n.who = o.who AND coalesce(n.product_id = o.product_id, true)
                AND n.started_at >= o.term_end_at - INTERVAL 90 DAY AND n.started_at > o.started_at
                AND (n.term_end_at IS NULL OR n.term_end_at > o.term_end_at) END
    ) AS next, ended_at IS NULL OR ended_at > term_end_at + INTERVAL 30 DAY AS ran_on
    FROM terms o WHERE term_end_at >= $start AND term_end_at < $end
), valued AS (
    SELECT *, next IS NOT NULL OR ran_on AS renewed, eur(monthly_amount, currency, term_end_at::DATE) AS old,
        CASE WHEN next IS NULL THEN eur(monthly_amount, currency, term_end_at::DATE)
        ELSE eur(next.amount, next.money, term_end_at::DATE) END AS new
    FROM due
)
SELECT {by} AS part, count(*) FILTER (renewed) / count(*) AS renewal_rate,
    coalesce(sum(least(old, new)) FILTER (renewed AND old IS NOT NULL AND new IS NOT NULL), 0)
        / nullif(sum(old) FILTER (NOT renewed OR new IS NOT NULL), 0) AS renewal_rate_value
FROM valued GROUP BY 1
