-- Salaries run over the whole year, so that the costs of every period are known.
WITH days AS (
    SELECT *, eur(amount, currency, first) AS worth FROM (
        SELECT *, coalesce(period_start, created_at::DATE) AS first,
            greatest(coalesce(period_end, coalesce(period_start, created_at::DATE) + 1),
                coalesce(period_start, created_at::DATE) + 1) AS until
        FROM costs WHERE category IN ('sales', 'marketing', 'media'))
), spent AS (
    SELECT sum(here) AS everything, sum(here) FILTER (category <> 'sales') AS marketing,
        sum(here) FILTER (category = 'media') AS media
    FROM (SELECT category,
        worth * greatest(0, least(until, $end::DATE) - greatest(first, $start::DATE)) / (until - first) AS here FROM days)
), gained AS (SELECT count(*) AS new FROM customers WHERE since >= $start AND since < $end),
entered AS (
    SELECT count(*) AS leads FROM contacts WHERE coalesce(lifecycle_stage, 'lead') <> 'visitor'
        AND created_at >= $start AND created_at < $end)
SELECT 'all' AS part, everything AS acquisition_cost, everything / nullif(new, 0) AS cac,
    marketing / nullif(new, 0) AS cac_marketing, marketing / nullif(leads, 0) AS cpl, leads,
    new / nullif(leads, 0) AS lead_to_customer_rate_event
FROM spent, gained, entered
