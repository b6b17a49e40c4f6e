-- by survey: survey
-- Of each person, survey and matter the newest answer of the period.
WITH newest AS (
    SELECT * FROM survey_answers WHERE answered_at >= $start AND answered_at < $end AND score IS NOT NULL
    QUALIFY contact_id IS NULL OR row_number() OVER (
        PARTITION BY kind, survey, contact_id, case_id, deal_id, order_id ORDER BY answered_at DESC, id DESC) = 1
)
SELECT {by} AS part,
    count(*) FILTER (kind = 'csat' AND scale_max = 10 AND score >= 9)
        / nullif(count(*) FILTER (kind = 'csat' AND scale_max = 10), 0) AS csat_ten_point,
    avg(score) FILTER (kind = 'ces' AND scale_max = 7) AS ces,
    count(*) FILTER (kind = 'ces' AND scale_max = 7 AND score >= 5)
        / nullif(count(*) FILTER (kind = 'ces' AND scale_max = 7), 0) AS ces_agree_share,
    count(*) FILTER (kind = 'ces' AND scale_max = 5 AND score >= 4)
        / nullif(count(*) FILTER (kind = 'ces' AND scale_max = 5), 0) AS ces_five_point_agree_share
FROM newest GROUP BY 1
