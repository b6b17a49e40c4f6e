-- by referrer: referred_by_contact_id
SELECT {by} AS part, count(*) AS referrals_made FROM contacts
WHERE referred_by_contact_id IS NOT NULL AND referred_by_contact_id <> id
    AND created_at >= $start AND created_at < $end GROUP BY 1
