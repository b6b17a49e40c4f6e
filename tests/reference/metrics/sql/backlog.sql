-- by priority: priority
-- Open after the last turn before the end; of turns at one instant the solve is the last.
WITH real AS (
    SELECT *, coalesce(solved_at, closed_at) AS done FROM cases
    WHERE NOT coalesce(is_spam, false) AND merged_into_id IS NULL
), turns AS (
    SELECT id, least(opened_at, done) AS turned, true AS opens FROM real
    UNION ALL SELECT id, done, false FROM real WHERE done IS NOT NULL
    UNION ALL SELECT case_id, occurred_at, type = 'reopened' FROM case_events WHERE type IN ('solved', 'reopened')
), state AS (
    SELECT id, arg_max(opens, (turned, NOT opens)) AS open FROM turns WHERE turned < $end GROUP BY 1
)
SELECT {by} AS part, count(*) AS backlog, count(*) FILTER (owner_id IS NULL) AS backlog_unassigned,
    avg((epoch($end) - epoch(opened_at)) / 86400) AS backlog_age
FROM real JOIN state USING (id) WHERE state.open GROUP BY 1
