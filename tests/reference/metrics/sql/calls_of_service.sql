-- by queue: queue
WITH legs AS (
    SELECT *, coalesce(session_id, id) AS call FROM interactions
    WHERE type = 'call' AND (queue IS NOT NULL OR case_id IS NOT NULL)
), calls AS (
    SELECT call, min(occurred_at) AS began, sum(wait_s) AS waited,
        max_by(struct_pack(q := queue, o := lower(outcome), d := direction), (occurred_at, id)) AS last
    FROM legs GROUP BY 1
), told AS (SELECT *, last.q AS queue, coalesce(last.d = 'inbound', last.q IS NOT NULL) AS inbound FROM calls)
SELECT {by} AS part,
    count(*) FILTER (inbound AND last.o IN ('abandoned', 'abandon', 'hang', 'hung_up')) AS calls_abandoned_all,
    count(*) FILTER (inbound AND last.o IN ('abandoned', 'abandon', 'hang', 'hung_up') AND coalesce(waited >= 10, true)) AS calls_abandoned
FROM told WHERE began >= $start AND began < $end GROUP BY 1
