-- by purpose: purpose
SELECT {by} AS part, count(*) FILTER (granted) / count(*) AS consent_rate
FROM (
    SELECT * FROM consents WHERE decided_at >= $start AND decided_at < $end
    QUALIFY row_number() OVER (PARTITION BY contact_id, purpose, channel ORDER BY decided_at DESC, id DESC) = 1
) GROUP BY 1
