-- by source: lead_source
-- Nobody recorded when stages changed: whoever is qualified today has been since they are known.
SELECT {by} AS part, count(*) FILTER (lifecycle_stage IN ('mql', 'sql', 'opportunity', 'customer')) AS mqls,
    count(*) FILTER (lifecycle_stage IN ('sql', 'opportunity', 'customer')) AS sqls
FROM contacts WHERE created_at >= $start AND created_at < $end GROUP BY 1
