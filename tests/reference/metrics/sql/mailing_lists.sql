-- A permission on any list makes a contact mailable; withdrawals end one list, unsubscribes and bounces all of them.
WITH given AS (
    SELECT contact_id AS who, purpose AS list, decided_at AS turned, granted AS opens,
        CASE WHEN granted THEN 'in' WHEN method = 'cleaned' THEN 'bounced' ELSE 'choice' END AS why
    FROM consents WHERE coalesce(channel, 'email') = 'email'
), ended AS (
    SELECT contact_id AS who, occurred_at AS turned,
        CASE type WHEN 'email_bounce' THEN 'bounced' ELSE 'choice' END AS why
    FROM interactions
    WHERE type IN ('unsubscribe', 'email_spam') OR (type = 'email_bounce' AND outcome = 'hard')
), turns AS (
    FROM given UNION ALL
    SELECT e.who, l.list, e.turned, false, e.why FROM ended e JOIN (SELECT DISTINCT who, list FROM given) l USING (who)
), instants AS (SELECT DISTINCT who, turned FROM turns),
on_lists AS (
    SELECT i.who, i.turned, count(*) FILTER (state.opens) AS lists
    FROM instants i, LATERAL (
        SELECT t.list, arg_max(t.opens, (t.turned, NOT t.opens)) AS opens FROM turns t
        WHERE t.who = i.who AND t.turned <= i.turned GROUP BY 1) AS state GROUP BY ALL
), changes AS (
    SELECT *, coalesce(lag(lists) OVER (PARTITION BY who ORDER BY turned), 0) AS before FROM on_lists
), told AS (
    SELECT c.who, c.turned, c.lists > 0 AND c.before = 0 AS joined, c.lists = 0 AND c.before > 0 AS departed,
        (SELECT min(t.why) FROM turns t WHERE t.who = c.who AND t.turned = c.turned AND NOT t.opens) AS why
    FROM changes c
), counted AS (
    SELECT count(DISTINCT who) FILTER (joined AND here) AS ins, count(DISTINCT who) FILTER (departed AND here) AS outs,
        count(DISTINCT who) FILTER (departed AND here AND why = 'choice') AS chose,
        count(DISTINCT who) FILTER (departed AND here AND why = 'bounced') AS bounced,
        sum(joined::INT - departed::INT) FILTER (turned < $end) AS at_end,
        coalesce(sum(joined::INT - departed::INT) FILTER (turned < $start), 0) AS at_start
    FROM (SELECT *, turned >= $start AND turned < $end AS here FROM told)
)
SELECT 'all' AS part, ins AS email_opt_ins, outs AS email_list_departures, chose AS email_list_unsubscribes,
    bounced AS email_list_bounced, at_end AS mailable_contacts,
    (ins - outs) / nullif(at_start, 0) AS email_list_growth_rate,
    (ins - chose) / nullif(at_start, 0) AS email_list_growth_rate_without_bounces,
    (ins - outs) / nullif(at_end, 0) AS email_list_growth_rate_end,
    ins / nullif(at_start, 0) AS email_list_growth_rate_gross
FROM counted
