-- by owner: owner_id
SELECT {by} AS part, count(*) AS deals_created,
    count(*) FILTER (status = 'won' AND closed_at <= created_at + INTERVAL 90 DAY) / count(*) AS win_rate_cohort
FROM deals WHERE created_at >= $start AND created_at < $end GROUP BY 1
