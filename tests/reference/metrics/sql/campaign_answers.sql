-- by campaign: campaign_id
SELECT {by} AS part, count(*) AS campaign_responses_total FROM interactions
WHERE campaign_id IS NOT NULL AND coalesce(direction <> 'outbound', true) AND occurred_at >= $start AND occurred_at < $end
    AND type NOT IN ('email_sent', 'email_delivered', 'email_open', 'email_bounce', 'email_spam', 'unsubscribe',
        'mail_sent', 'auto_reply', 'note')
GROUP BY 1
