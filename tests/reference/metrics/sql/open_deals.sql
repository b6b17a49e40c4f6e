-- by owner: owner_id
-- Without history a deal has today's values; it is open from its creation to its close.
SELECT {by} AS part, count(*) AS open_deals,
    count(*) FILTER (expected_close_date < $end::DATE) / count(*) AS overdue_deals_share,
    sum(CASE WHEN coalesce(forecast_category, '') <> 'omitted' AND probability BETWEEN 0 AND 1
        THEN eur(amount, currency, $end::DATE) * probability END) AS weighted_pipeline_stage
FROM deals
WHERE created_at < $end AND (status = 'open' OR closed_at >= $end) GROUP BY 1
