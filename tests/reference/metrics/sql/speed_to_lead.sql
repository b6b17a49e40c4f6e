-- by source: lead_source
-- The first outbound touch by hand: of a user, or a call or meeting; no campaign's. One before the entry took no time.
WITH leads AS (
    SELECT *, created_at AS entered FROM contacts WHERE coalesce(lifecycle_stage, 'lead') <> 'visitor'
), touched AS (
    SELECT l.*, greatest(entered, (
        SELECT min(i.occurred_at) FROM interactions i WHERE i.contact_id = l.id AND i.direction = 'outbound'
            AND i.campaign_id IS NULL AND (i.type IN ('call', 'meeting') OR (i.owner_id IS NOT NULL AND i.type NOT IN
                ('auto_reply', 'email_delivered', 'email_open', 'email_click', 'email_bounce', 'email_spam', 'unsubscribe')))
    )) AS touch0, (
        SELECT min(i.occurred_at) FROM interactions i WHERE i.contact_id = l.id AND i.direction = 'outbound'
            AND i.campaign_id IS NULL AND (i.type IN ('call', 'meeting') OR (i.owner_id IS NOT NULL AND i.type NOT IN
                ('auto_reply', 'email_delivered', 'email_open', 'email_click', 'email_bounce', 'email_spam', 'unsubscribe')))
    ) IS NOT NULL AS met
    FROM leads l
), timed AS (
    SELECT *, CASE WHEN met THEN (epoch(touch0) - epoch(entered)) / 60 END AS minutes,
        CASE WHEN met THEN 60 * open_hours(entered, touch0) END AS business FROM touched
)
SELECT {by} AS part, quantile_cont(minutes, 0.5) AS speed_to_lead_calendar, quantile_cont(business, 0.5) AS speed_to_lead,
    count(*) FILTER (minutes <= 5) / count(*) AS speed_to_lead_within_5_min,
    count(*) FILTER (minutes <= 60) / count(*) AS speed_to_lead_within_1_h,
    count(*) FILTER (minutes <= 1440) / count(*) AS speed_to_lead_within_24_h
FROM timed WHERE entered >= $start AND entered < $end GROUP BY 1
