-- by first_by: kind
SELECT {by} AS part, count(*) AS new_logos FROM (
    SELECT coalesce(b.account_id, c.account_id) AS account, min(since) AS first, arg_min(kind, since) AS kind
    FROM (
        SELECT account_id, contact_id, ordered_at AS since, 'order' AS kind FROM bought WHERE NOT undone
        UNION ALL SELECT account_id, contact_id, closed_at, 'deal' FROM deals WHERE status = 'won'
        UNION ALL SELECT account_id, contact_id, started_at, 'contract' FROM contracts
    ) b LEFT JOIN contacts c ON c.id = b.contact_id WHERE since IS NOT NULL GROUP BY 1
) WHERE account IS NOT NULL AND first >= $start AND first < $end GROUP BY 1
