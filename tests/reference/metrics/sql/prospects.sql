-- by source: lead_source
SELECT {by} AS part, count(*) AS prospects FROM contacts
WHERE lifecycle_stage IN ('lead', 'mql', 'sql') AND created_at < $end GROUP BY 1
