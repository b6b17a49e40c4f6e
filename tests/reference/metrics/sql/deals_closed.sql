-- by owner: owner_id
SELECT {by} AS part,
    count(*) FILTER (status = 'won') AS deals_won,
    count(*) FILTER (status = 'lost') AS deals_lost,
    count(*) FILTER (status = 'won') / count(*) AS win_rate,
    sum(worth) FILTER (status = 'won') AS bookings,
    coalesce(sum(worth) FILTER (status = 'won'), 0) / nullif(sum(worth), 0) AS win_rate_amount,
    avg(worth) FILTER (status = 'won') AS average_deal_size,
    count(*) FILTER (EXISTS (FROM proposals p WHERE p.deal_id = closed.id AND p.sent_at <= closed.closed_at))
        / count(*) AS proposal_rate
FROM closed WHERE closed_at >= $start AND closed_at < $end GROUP BY 1
