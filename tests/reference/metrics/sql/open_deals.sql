-- by owner: owner_id
-- Without history a deal has today's values; it is open from its creation to its close.
-- The newest chance that the published score gave it by then weighs it, else the owner's.
SELECT {by} AS part, count(*) AS open_deals,
    count(*) FILTER (expected_close_date < $end::DATE) / count(*) AS overdue_deals_share,
    sum(CASE WHEN coalesce(forecast_category, '') <> 'omitted' AND probability BETWEEN 0 AND 1
        THEN eur(amount, currency, $end::DATE) * probability END) AS weighted_pipeline_stage,
    sum(CASE WHEN coalesce(forecast_category, '') <> 'omitted' AND chance BETWEEN 0 AND 1
        THEN eur(amount, currency, $end::DATE) * chance END) AS weighted_pipeline
FROM (
    SELECT *, coalesce((
        SELECT arg_max(v.value, (v.as_of, v.computed_at)) / 100 FROM score_values v
        WHERE v.score = 'win' AND v.subject = 'deal' AND v.subject_id = deals.id AND v.as_of < $end
    ), probability) AS chance FROM deals
)
WHERE created_at < $end AND (status = 'open' OR closed_at >= $end) GROUP BY 1
