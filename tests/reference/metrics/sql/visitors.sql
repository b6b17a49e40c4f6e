-- Contacts, else anonymous ids, else sessions, that saw a page or sent a form.
WITH seen AS (
    SELECT coalesce(contact_id, anonymous_id, session_id) AS visitor, any_value(contact_id) AS contact_id,
        greatest(count(DISTINCT session_id), 1) AS sessions
    FROM interactions WHERE type IN ('page_view', 'form_submit') AND occurred_at >= $start AND occurred_at < $end
    GROUP BY 1
), told AS (
    SELECT *, EXISTS (FROM contacts c WHERE c.id = seen.contact_id AND coalesce(c.lifecycle_stage, 'lead') <> 'visitor'
        AND c.created_at >= $start AND c.created_at < $end) AS fresh FROM seen WHERE visitor IS NOT NULL
)
SELECT 'all' AS part, count(*) AS visitors, count(*) FILTER (fresh) / nullif(count(*), 0) AS lead_generation_rate,
    count(*) FILTER (fresh) / nullif(sum(sessions), 0) AS lead_generation_rate_sessions
FROM told
