"""Public data sets as snapshots, straight from the raw files; imports have tests of their own."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection to ask the raw files of a data set by hand: `from raw.deals`, read as they are."""
    connection = duckdb.connect()
    connection.sql("SET TimeZone = 'UTC'")
    connection.sql("CREATE SCHEMA raw")
    for name, file in _FILES[folder.name].items():
        path = folder / file
        source = f"'{path}'" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar = true)"
        connection.sql(f"CREATE VIEW raw.{name} AS SELECT * FROM {source}")
    return connection


def snapshot(folder: Path, runner: Runner) -> Snapshot:
    """The data set's tables, in the zone and currency of its company."""
    connection = connect(folder)
    tables, zone, currency = _COMPANIES[folder.name]
    made = {name: runner.from_arrow(connection.sql(query).to_arrow_table()) for name, query in tables.items()}
    return Snapshot(made, time_zone=zone, currency=currency)


_FILES = {
    "crm_sales_opportunities": {
        "deals": "sales_pipeline.csv.gz",
        "accounts": "accounts.csv",
        "teams": "sales_teams.csv",
    },
    "olist": {
        "leads": "olist_marketing_qualified_leads_dataset.csv.gz",
        "closed": "olist_closed_deals_dataset.csv.gz",
        "orders": "sample_olist_orders_dataset.csv.gz",
        "payments": "olist_order_payments_dataset.parquet",
    },
    "completejourney": {
        "transactions": "transactions_sample.parquet",
        "members": "campaigns.parquet",
        "campaigns": "campaign_descriptions.parquet",
        "redemptions": "coupon_redemptions.parquet",
    },
    "uci_incident_log": {"events": "incident_events_even_numbers.csv.gz"},
    "anonymous_bank_calls": {"calls": "calls_1999-02-01_to_14.tsv.gz"},
    "sfo_survey": {"answers": "2017_SFO_Customer_Survey.csv.gz"},
}

_OPPORTUNITIES = {
    "deals": """
        SELECT opportunity_id AS id,
            CASE deal_stage WHEN 'Won' THEN 'won' WHEN 'Lost' THEN 'lost' ELSE 'open' END AS status,
            timezone('UTC', strptime(engage_date, '%d-%m-%y')) AS created_at,
            timezone('UTC', strptime(engage_date, '%d-%m-%y')) AS recorded_at,
            timezone('UTC', strptime(close_date, '%d-%m-%y')) AS closed_at,
            close_value::DECIMAL(18, 4) AS amount, sales_agent AS owner_id, account AS account_id
        FROM raw.deals""",
    "accounts": """
        SELECT account AS id, sector AS industry, timezone('UTC', TIMESTAMP '2016-01-01') AS created_at,
            timezone('UTC', TIMESTAMP '2016-01-01') AS recorded_at
        FROM raw.accounts""",
}
_OLIST = {
    "contacts": """
        SELECT mql_id AS id, origin AS lead_source,
            timezone('America/Sao_Paulo', first_contact_date::TIMESTAMP) AS created_at,
            timezone('America/Sao_Paulo', first_contact_date::TIMESTAMP) AS recorded_at
        FROM raw.leads""",
    "deals": """
        SELECT seller_id AS id, mql_id AS contact_id, 'won' AS status, sr_id AS owner_id,
            timezone('America/Sao_Paulo', first_contact_date::TIMESTAMP) AS created_at,
            timezone('America/Sao_Paulo', first_contact_date::TIMESTAMP) AS recorded_at,
            timezone('America/Sao_Paulo', won_date::TIMESTAMP) AS closed_at
        FROM raw.closed JOIN raw.leads USING (mql_id)""",
    "orders": """
        SELECT order_id AS id, customer_id AS contact_id, any_value(payment_type) AS channel,
            CASE WHEN order_status = 'canceled' THEN 'cancelled' ELSE 'paid' END AS status,
            timezone('America/Sao_Paulo', order_purchase_timestamp::TIMESTAMP) AS ordered_at,
            sum(payment_value::DECIMAL(18, 4))::DECIMAL(18, 4) AS amount
        FROM raw.orders LEFT JOIN raw.payments USING (order_id)
        GROUP BY order_id, customer_id, order_status, order_purchase_timestamp""",
}
_JOURNEY = {
    "orders": """
        SELECT basket_id AS id, household_id AS contact_id, any_value(store_id) AS channel, 'paid' AS status,
            timezone('UTC', min(transaction_timestamp)) AS ordered_at,
            sum(sales_value::DECIMAL(18, 4))::DECIMAL(18, 4) AS amount
        FROM raw.transactions GROUP BY basket_id, household_id""",
    "campaigns": """
        SELECT campaign_id AS id, campaign_type AS type, 'completed' AS status,
            timezone('UTC', start_date::TIMESTAMP) AS started_at, timezone('UTC', end_date::TIMESTAMP) AS ended_at,
            timezone('UTC', start_date::TIMESTAMP) AS created_at
        FROM raw.campaigns""",
    "campaign_members": """
        SELECT campaign_id || '-' || household_id AS id, campaign_id, household_id AS contact_id,
            timezone('UTC', start_date::TIMESTAMP) AS added_at, timezone('UTC', start_date::TIMESTAMP) AS sent_at,
            timezone('UTC', first_redemption::TIMESTAMP) AS responded_at
        FROM raw.members JOIN raw.campaigns USING (campaign_id)
        LEFT JOIN (
            SELECT household_id, campaign_id, min(redemption_date) AS first_redemption
            FROM raw.redemptions GROUP BY ALL
        ) USING (household_id, campaign_id)""",
}
_INCIDENTS = {
    "cases": """
        SELECT number AS id, timezone('UTC', strptime(opened_at, '%d/%m/%Y %H:%M')) AS opened_at,
            timezone('UTC', try_strptime(arg_max(resolved_at, sys_mod_count::INT), '%d/%m/%Y %H:%M')) AS solved_at,
            timezone('UTC', try_strptime(arg_max(closed_at, sys_mod_count::INT), '%d/%m/%Y %H:%M')) AS closed_at,
            arg_max(priority, sys_mod_count::INT) AS priority
        FROM raw.events GROUP BY number, raw.events.opened_at""",
}
_SURVEY = {
    "survey_answers": """
        SELECT RUNID || '-' || RESPNUM AS id, 'nps' AS kind, 'May 2017' AS survey, NETPRO::DOUBLE AS score,
            RUNID || '-' || RESPNUM AS contact_id,
            timezone('America/Los_Angeles', make_timestamp(2017, 5, INTDATE::INT, 12, 0, 0)) AS answered_at
        FROM raw.answers""",
}
_COMPANIES = {
    "crm_sales_opportunities": (_OPPORTUNITIES, "UTC", "USD"),
    "olist": (_OLIST, "America/Sao_Paulo", "BRL"),
    "completejourney": (_JOURNEY, "UTC", "USD"),
    "uci_incident_log": (_INCIDENTS, "UTC", "EUR"),
    "sfo_survey": (_SURVEY, "America/Los_Angeles", "USD"),
}
