-- by priority: priority
-- What customers wrote in public; replies are what comes after the opening. None of these cases is a chat.
SELECT {by} AS part, sum(written) / count(*) AS customer_messages, sum(later) / count(*) AS customer_replies
FROM (
    SELECT k.*, (SELECT count(*) FROM case_events e WHERE e.case_id = k.id AND e.type = 'reply_by_customer'
            AND coalesce(e.is_public, true) AND NOT coalesce(e.is_automatic, false)
            AND e.occurred_at > k.opened_at) AS later,
        (SELECT count(*) FROM case_events e WHERE e.case_id = k.id AND e.type = 'reply_by_customer'
            AND coalesce(e.is_public, true) AND NOT coalesce(e.is_automatic, false)) AS written,
        EXISTS (FROM case_events e WHERE e.case_id = k.id AND e.type IN ('reply_by_agent', 'reply_by_customer')) AS tells
    FROM real_cases k
    WHERE done >= $start AND done < $end AND NOT EXISTS (
        FROM case_events e WHERE e.case_id = k.id AND e.type = 'reopened' AND e.occurred_at > k.done)
) WHERE tells GROUP BY 1
