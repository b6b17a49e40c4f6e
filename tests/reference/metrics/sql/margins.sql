-- by source: lead_source
SELECT {by} AS part, sum(eur(margin, currency, ordered_at::DATE))
    / nullif(sum(eur(amount, currency, ordered_at::DATE)), 0) AS gross_margin_rate
FROM bought LEFT JOIN contacts c ON c.id = bought.contact_id
WHERE NOT undone AND margin IS NOT NULL AND amount > 0
    AND ordered_at >= $end - INTERVAL 365 DAY AND ordered_at < $end GROUP BY 1
