-- by campaign: campaign_id
-- What happened belongs to the mail with its message id, else to the last one of that campaign to that contact.
WITH told AS (
    SELECT *, coalesce(contact_id, message_id, id) AS recipient FROM interactions
    WHERE type IN ('email_sent', 'email_delivered', 'email_open', 'email_click', 'email_bounce', 'email_spam', 'unsubscribe')
), sent AS (
    SELECT recipient, coalesce(message_id, id) AS mail, any_value(message_id) AS message_id,
        arg_min(campaign_id, occurred_at) AS campaign_id, min(occurred_at) AS sent
    FROM told WHERE type = 'email_sent' GROUP BY ALL
), belongs AS (
    SELECT t.id, t.type, t.occurred_at, coalesce(
        (SELECT any_value(s.mail) FROM sent s WHERE s.recipient = t.recipient AND s.message_id = t.message_id),
        (SELECT arg_max(s.mail, s.sent) FROM sent s WHERE s.recipient = t.recipient
            AND s.campaign_id IS NOT DISTINCT FROM t.campaign_id AND s.sent <= t.occurred_at)) AS mail, t.recipient
    FROM told t WHERE type <> 'email_sent'
), came AS (
    SELECT s.*, b.type, (b.occurred_at >= s.sent + INTERVAL 2 SECOND) AS human
    FROM sent s LEFT JOIN belongs b
        ON b.recipient = s.recipient AND b.mail = s.mail AND b.occurred_at <= s.sent + INTERVAL 7 DAY
), mails AS (
    SELECT recipient, mail, campaign_id, sent,
        coalesce(bool_or(type = 'email_bounce'), false) AS bounced,
        coalesce(bool_or(type = 'email_open'), false) AS machine_opened,
        coalesce(bool_or(type = 'email_open' AND human), false) AS opened,
        coalesce(bool_or(type = 'email_click' AND human), false) AS clicked,
        count(*) FILTER (type = 'email_open' AND human) AS opens,
        coalesce(bool_or(type = 'unsubscribe'), false) AS departed,
        coalesce(bool_or(type = 'email_spam'), false) AS complained
    FROM came GROUP BY ALL
)
SELECT {by} AS part, count(*) AS emails_sent, count(*) FILTER (NOT bounced) AS emails_delivered,
    count(*) FILTER (opened AND NOT bounced) / nullif(count(*) FILTER (NOT bounced), 0) AS email_open_rate,
    count(*) FILTER (opened AND NOT bounced) / count(*) AS email_open_rate_sent,
    coalesce(sum(opens) FILTER (NOT bounced), 0) / nullif(count(*) FILTER (NOT bounced), 0) AS email_open_rate_total,
    count(*) FILTER (machine_opened AND NOT bounced) / nullif(count(*) FILTER (NOT bounced), 0)
        AS email_open_rate_with_machines,
    count(*) FILTER (clicked AND NOT bounced) / nullif(count(*) FILTER (NOT bounced), 0) AS email_click_rate,
    count(*) FILTER (clicked AND NOT bounced) / count(*) AS email_click_rate_sent,
    count(*) FILTER (clicked AND NOT bounced) / nullif(count(*) FILTER ((opened OR clicked) AND NOT bounced), 0)
        AS email_ctor,
    count(*) FILTER (clicked AND NOT bounced) / nullif(count(*) FILTER (opened AND NOT bounced), 0) AS email_ctor_told,
    count(*) FILTER (bounced) / count(*) AS email_bounce_rate,
    count(*) FILTER (departed AND NOT bounced) / nullif(count(*) FILTER (NOT bounced), 0) AS email_unsubscribe_rate,
    count(*) FILTER (complained AND NOT bounced) / nullif(count(*) FILTER (NOT bounced), 0) AS email_complaint_rate
FROM mails WHERE sent >= $start AND sent < $end GROUP BY 1
