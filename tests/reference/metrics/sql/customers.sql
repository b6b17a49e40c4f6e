-- by first_by: kind
SELECT {by} AS part, count(*) AS customers, count(*) FILTER (since >= $start) AS new_customers
FROM customers WHERE since < $end GROUP BY 1
