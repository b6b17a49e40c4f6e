-- The score of definition.yaml, as one would write it by hand for DuckDB: one pass over interactions per
-- level, `at_most` on contact x criterion x ISO week first, then contact.
-- Given: interactions, contacts, accounts; weights(age, m_...): micro-points by age, made with decimals;
-- free_mail(domain); $zone, $at (the instant), $today (its local day).
WITH events AS (
    SELECT contact_id, type, lower(url_path) AS path, direction, occurred_at,
           CASE WHEN type = 'form_submit' THEN lower(properties ->> '$.form') END AS form,
           $today - CAST(timezone($zone, occurred_at) AS DATE) AS age
    FROM interactions
    WHERE occurred_at <= $at AND recorded_at <= $at AND contact_id IS NOT NULL
),
may_count AS (
    SELECT contact_id,
           CASE WHEN type = 'page_view' THEN 1 WHEN type = 'content_download' THEN 2
                WHEN type = 'product_use' THEN 3 ELSE 4 END AS criterion,
           (($today - DATE '1970-01-01') - age + 3) // 7 AS week,
           CASE WHEN type = 'page_view' THEN m_pricing WHEN type = 'content_download' THEN m_download
                WHEN type = 'product_use' THEN m_use ELSE m_click END AS micro
    FROM events JOIN weights USING (age)
    WHERE type IN ('content_download', 'product_use', 'email_click')
       OR (type = 'page_view' AND path LIKE '/pricing%')
),
capped AS (
    SELECT contact_id, criterion,
           list_sum(list_sort(list(micro))[:CASE criterion WHEN 1 THEN 3 WHEN 2 THEN 2 WHEN 3 THEN 5 ELSE 3 END])
               AS micro
    FROM may_count GROUP BY contact_id, criterion, week
),
weekly AS (
    SELECT contact_id,
           CAST(sum(micro) FILTER (criterion <> 4) AS BIGINT) AS web_capped,
           CAST(sum(micro) FILTER (criterion = 4) AS BIGINT) AS clicked
    FROM capped GROUP BY contact_id
),
plain AS (
    SELECT contact_id,
           CAST(sum(CASE WHEN type = 'page_view' THEN
                    CASE WHEN path = '/demo' THEN m_demo WHEN path LIKE '/docs%' THEN m_docs
                         WHEN path LIKE '/customers%' THEN m_stories WHEN path LIKE '/blog%' THEN m_blog
                         WHEN path LIKE '/careers%' THEN m_careers ELSE 0 END
                    + CASE WHEN age < 90 THEN m_page ELSE 0 END
                WHEN type = 'social' THEN m_social END) AS BIGINT) AS web,
           count(*) FILTER (type = 'page_view' AND age < 30) AS visits,
           CAST(sum(CASE WHEN type = 'email_open' AND age < 180 THEN m_open
                WHEN type = 'meeting' THEN m_meeting WHEN type = 'chat' THEN m_chat
                WHEN type = 'webinar' AND age < 365 THEN m_webinar END) AS BIGINT) AS mail,
           CAST(sum(CASE WHEN type = 'call' THEN m_call END) AS BIGINT) AS called,
           max(CASE WHEN form = 'demo' AND age < 90 THEN m_form_demo END) AS form_demo,
           max(CASE WHEN form = 'contact' THEN m_form_contact END) AS form_contact,
           max(CASE WHEN form = 'newsletter' THEN m_form_news END) AS form_news,
           count(*) FILTER (type = 'call' AND age < 90) AS calls,
           count(*) FILTER (age < 60 AND direction IS DISTINCT FROM 'outbound') AS active,
           count(*) FILTER (type = 'meeting' AND age < 365) AS meetings
    FROM events JOIN weights USING (age)
    GROUP BY contact_id
),
people AS (
    SELECT c.id,
           CASE WHEN a.industry IS NULL THEN 0 WHEN lower(a.industry) = 'software' THEN 15000000
                WHEN lower(a.industry) = 'retail' THEN 10000000 WHEN lower(a.industry) = 'bank' THEN 8000000 ELSE 0 END
           + CASE WHEN a.employees BETWEEN 50 AND 1000 THEN 10000000 WHEN a.employees > 1000 THEN 4000000 ELSE 0 END
           + CASE WHEN lower(c.title) LIKE 'head%' THEN 12000000 WHEN lower(c.title) LIKE 'vp%' THEN 10000000 ELSE 0 END
           + CASE WHEN c.seniority IN ('c_level', 'vp') THEN 5000000 ELSE 0 END
           - CASE WHEN f.domain IS NOT NULL THEN 10000000 ELSE 0 END AS fit,
           coalesce($today - CAST(timezone($zone, c.created_at) AS DATE), 0) AS days
    FROM contacts c
    LEFT JOIN accounts a ON a.id = c.account_id
    LEFT JOIN free_mail f ON f.domain = lower(split_part(c.email, '@', 2))
    WHERE c.created_at <= $at AND c.recorded_at <= $at
),
sums AS (
    SELECT p.id,
           least(greatest(p.fit, 0), 40000000) AS fit,
           least(greatest(coalesce(e.web, 0) + coalesce(w.web_capped, 0)
               + CASE WHEN e.visits >= 10 THEN 8000000 WHEN e.visits >= 3 THEN 5000000
                      WHEN e.visits >= 1 THEN 2000000 ELSE 0 END, 0), 50000000)
           + least(greatest(coalesce(e.mail, 0) + coalesce(w.clicked, 0) + least(coalesce(e.called, 0), 15000000)
               + coalesce(e.form_demo, 0) + coalesce(e.form_contact, 0) + coalesce(e.form_news, 0)
               + CASE WHEN e.calls >= 5 THEN 4000000 WHEN e.calls >= 2 THEN 2000000 ELSE 0 END
               - CASE WHEN p.days >= 60 AND coalesce(e.active, 0) = 0 THEN 15000000 ELSE 0 END
               - CASE WHEN p.days >= 365 AND coalesce(e.meetings, 0) = 0 THEN 2000000 ELSE 0 END,
               -20000000), 50000000) AS engagement
    FROM people p LEFT JOIN plain e ON e.contact_id = p.id LEFT JOIN weekly w ON w.contact_id = p.id
)
SELECT id, fit, engagement, least(greatest(fit + engagement, 0), 100000000) AS micro
FROM sums
