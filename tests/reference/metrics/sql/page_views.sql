-- by path: url_path
SELECT {by} AS part, count(DISTINCT coalesce(message_id, id)) AS page_views,
    count(DISTINCT coalesce(session_id || ' ' || coalesce(url_path, ''), message_id, id)) AS unique_page_views,
    count(DISTINCT session_id) AS visits
FROM interactions WHERE type = 'page_view' AND occurred_at >= $start AND occurred_at < $end GROUP BY 1
