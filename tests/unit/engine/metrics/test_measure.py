"""The machinery: shared queries, what is missing, null rules, splits, filters, comparison."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, Only, Period, measure
from tiny_company import Company, CountingRunner, drawn_tables, utc

NOW = utc("2025-02-01")
DEALS = [
    {"created_at": "2024-01-01", "status": "won", "closed_at": "2024-02-10", "amount": 100, "owner_id": "u1"},
    {"created_at": "2024-01-01", "status": "lost", "closed_at": "2024-02-20", "amount": 300, "owner_id": "u2"},
    {"created_at": "2024-01-01", "status": "won", "closed_at": "2024-03-01", "amount": 50, "owner_id": None},
    {"created_at": "2024-03-05", "status": "open", "amount": 70, "owner_id": "u1"},
]


class TestOneQuery:
    def test_a_metric_on_the_same_rows_adds_no_query(self, company: Company, counting: CountingRunner) -> None:
        snapshot = company(deals=DEALS)

        def queries(*metrics: str) -> int:
            counting.queries = 0
            measure(metrics, snapshot, period=Period.year(2024), as_of=NOW, runner=counting, grain="month")
            return counting.queries

        alone = queries("win_rate")
        assert alone == 2  # what is covered, and the rows
        assert queries("win_rate", "deals_won", "deals_lost", "bookings", "win_rate_amount") == alone
        assert queries("win_rate", "open_deals") == alone + 1

    def test_an_executives_dashboard_needs_a_handful_of_queries(
        self, company: Company, counting: CountingRunner
    ) -> None:
        """30 metrics over 24 months, each month beside that of the year before."""
        thirty = [
            *("leads", "mqls", "sqls", "deals_created", "deals_won", "deals_lost", "win_rate", "win_rate_amount"),
            *("win_rate_cohort", "bookings", "new_revenue", "average_deal_size", "sales_cycle_length"),
            *("sales_cycle_length_p90", "open_deals", "pipeline_value", "weighted_pipeline", "active_customers"),
            *("revenue", "orders", "average_basket_value", "median_basket_value", "repeat_customer_ratio"),
            *("cases_opened", "cases_solved", "first_response_time", "avg_time_to_resolution", "reopen_rate"),
            *("backlog", "nps"),
        ]
        assert len(set(thirty)) == 30
        values = measure(
            thirty,
            company(**drawn_tables(1)),
            period=Period.last_months(24, until=date(2025, 1, 15)),
            as_of=NOW,
            runner=counting,
            grain="month",
            compare="last_year",
        )
        assert len(values) == 30 * 24
        assert counting.queries <= 11


class TestWhatIsMissing:
    def test_a_missing_table_makes_only_its_metrics_unknown(self, company: Company, runner: DuckdbRunner) -> None:
        values = measure(["nps", "win_rate"], company(deals=DEALS), period=Period.year(2024), as_of=NOW, runner=runner)
        assert values[0].value is None
        assert values[0].reason == "No source brings survey answers."
        assert values[1].value == pytest.approx(2 / 3)

    def test_a_column_that_no_source_fills_is_named(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [{**deal, "amount": None} for deal in DEALS]
        values = measure(
            ["win_rate_amount", "win_rate"], company(deals=deals), period=Period.year(2024), as_of=NOW, runner=runner
        )
        assert values[0].reason == "No source brings the amount of deals (deal.amount)."
        assert values[1].value == pytest.approx(2 / 3)

    def test_interactions_of_other_types_say_nothing_of_page_views(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        snapshot = company(interactions=[{"type": "call", "occurred_at": "2024-02-01"}])
        values = measure(["page_views", "sales_calls"], snapshot, period=Period.year(2024), as_of=NOW, runner=runner)
        assert values[0].reason == "There are no interactions of type page view."
        assert (values[0].value, values[1].value) == (None, 1)

    def test_amounts_that_none_can_be_added_are_unknown_not_0(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [{**deal, "currency": "USD"} for deal in DEALS]
        values = measure(
            ["bookings", "deals_won"], company(deals=deals), period=Period.year(2024), as_of=NOW, runner=runner
        )
        assert (values[0].value, values[0].n, values[0].n_unconverted) == (None, 2, 2)
        assert values[0].reason is not None
        assert values[0].reason.startswith("None of 2 closed deals has an amount in the base currency")
        assert values[1].value == 2

    def test_every_metric_survives_an_empty_company(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(teams=[{"name": "A", "created_at": "2024-01-01"}])
        values = measure(list(METRICS), snapshot, period=Period.year(2024), as_of=NOW, runner=runner)
        assert [v.metric for v in values] == list(METRICS)
        lacking = ("No source brings", "There are no", " is set.", " are set.", "been kept yet", "needs")
        assert [
            v.metric for v in values if v.value is not None or not any(w in (v.reason or "") for w in lacking)
        ] == []

    def test_an_unknown_metric_names_the_nearest(self, company: Company, runner: DuckdbRunner) -> None:
        with pytest.raises(DefinitionError, match="Did you mean 'win_rate'"):
            measure(["winrate"], company(deals=DEALS), period=Period.year(2024), as_of=NOW, runner=runner)

    def test_a_dimension_that_one_metric_lacks_leaves_the_others(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(deals=DEALS, orders=[{"ordered_at": "2024-02-01", "amount": 5, "contact_id": "p"}])
        values = measure(
            ["win_rate", "orders"], snapshot, period=Period.year(2024), as_of=NOW, runner=runner, by=["owner"]
        )
        assert [v.dimensions.get("owner") for v in values[:-1]] == ["u1", "u2", None]
        assert values[-1].value is None
        assert values[-1].reason is not None
        assert "cannot be split by or filtered on owner" in values[-1].reason


class TestNullRules:
    def test_a_count_is_0_where_data_cover_the_period_and_none_where_not(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Deals from January to March 2024: nothing was won in January, and nothing is known of 2023 or April."""
        values = measure(
            ["deals_won"],
            company(deals=DEALS),
            period=Period(date(2023, 12, 1), date(2024, 5, 1)),
            as_of=NOW,
            runner=runner,
            grain="month",
        )
        assert [v.value for v in values] == [None, 0, 1, 1, None]
        assert values[0].reason == "No data reach back to this period."
        assert values[-1].reason == "No data since before this period."

    def test_another_source_that_goes_on_tells_that_nothing_happened(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        snapshot = company(deals=DEALS, interactions=[{"type": "page_view", "occurred_at": "2024-04-20"}])
        april = measure(["deals_won"], snapshot, period=Period.month(2024, 4), as_of=NOW, runner=runner)[0]
        assert april.value == 0
        assert april.data_through == utc("2024-03-05")

    def test_a_ratio_without_denominator_is_none_with_a_reason(self, company: Company, runner: DuckdbRunner) -> None:
        value = measure(["win_rate"], company(deals=DEALS), period=Period.month(2024, 1), as_of=NOW, runner=runner)[0]
        assert (value.value, value.denominator, value.n) == (None, 0, 0)
        assert value.reason == "No closed deals to count in this period."

    def test_a_period_that_has_not_begun_has_no_value(self, company: Company, runner: DuckdbRunner) -> None:
        value = measure(["deals_won"], company(deals=DEALS), period=Period.month(2025, 3), as_of=NOW, runner=runner)[0]
        assert (value.value, value.reason) == (None, "The period has not begun.")

    def test_a_running_period_and_a_small_sample_are_flagged(self, company: Company, runner: DuckdbRunner) -> None:
        value = measure(
            ["win_rate"], company(deals=DEALS), period=Period.year(2024), as_of=utc("2024-03-20"), runner=runner
        )[0]
        assert {"small sample", "period not over"} <= set(value.flags)
        assert value.lower is not None
        assert value.lower < 2 / 3 < (value.upper or 0)


class TestSplits:
    def test_groups_come_in_every_period_and_rows_without_a_value_are_a_group(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        values = measure(
            ["deals_won"],
            company(deals=DEALS),
            period=Period(date(2024, 2, 1), date(2024, 4, 1)),
            as_of=NOW,
            runner=runner,
            grain="month",
            by=["owner"],
        )
        found = [(v.period.start.month, v.dimensions["owner"], v.value) for v in values]
        assert found == [(2, "u1", 1), (2, "u2", 0), (2, None, 0), (3, "u1", 0), (3, "u2", 0), (3, None, 1)]

    def test_a_dimension_of_the_record_referred_to(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            deals=DEALS,
            users=[
                {"id": "u1", "created_at": "2024-01-01", "team_id": "north"},
                {"id": "u2", "created_at": "2024-01-01", "team_id": "north"},
            ],
        )
        values = measure(["bookings"], snapshot, period=Period.year(2024), as_of=NOW, runner=runner, by=["team"])
        assert [(v.dimensions["team"], v.value) for v in values] == [("north", Decimal(100)), (None, Decimal(50))]

    def test_filters_keep_the_values_named_and_none_for_rows_without(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        def won(*owners: str | None) -> object:
            return measure(
                ["deals_won"],
                company(deals=DEALS),
                period=Period.year(2024),
                as_of=NOW,
                runner=runner,
                filters=[Only("owner", owners)],
            )[0].value

        assert [won("u1"), won("u1", None), won(None), won("u2"), won("nobody")] == [1, 2, 1, 0, 0]

    def test_compared_with_the_period_before(self, company: Company, runner: DuckdbRunner) -> None:
        value = measure(
            ["bookings"],
            company(deals=DEALS),
            period=Period.month(2024, 3),
            as_of=NOW,
            runner=runner,
            compare="previous",
        )[0]
        assert value.compared is not None
        assert (value.value, value.compared.value) == (Decimal(50), Decimal(100))
        assert (value.change, value.difference) == (-0.5, -50)

    def test_periods_that_overlap_each_get_their_own_rows(self, company: Company, runner: DuckdbRunner) -> None:
        """21 months beside the 21 months that began a year before: the deal of June 2023 is in both."""
        value = measure(
            ["deals_created"],
            company(deals=[{"created_at": "2023-06-15", "status": "open"}, *DEALS]),
            period=Period(date(2023, 4, 1), date(2025, 1, 1)),
            as_of=NOW,
            runner=runner,
            compare="last_year",
        )[0]
        assert value.compared is not None
        assert (value.value, value.compared.value) == (5, 1)

    def test_an_unknown_grain_is_refused(self, company: Company, runner: DuckdbRunner) -> None:
        with pytest.raises(DefinitionError, match="no such grain"):
            measure(
                ["win_rate"],
                company(deals=DEALS),
                period=Period.year(2024),
                as_of=NOW,
                runner=runner,
                grain="fortnight",
            )


class TestLocalDays:
    def test_half_past_eleven_in_greenwich_is_the_next_day_in_stockholm(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Sunday 31 March 2024 has 23 hours in Stockholm, from 23:00Z to 22:00Z."""
        orders = [
            {"ordered_at": moment, "amount": 1, "contact_id": "p"}
            for moment in ("2024-03-30 22:59", "2024-03-30 23:30", "2024-03-31 21:59", "2024-03-31 22:00")
        ]
        values = measure(
            ["orders"],
            company(orders=orders, time_zone="Europe/Stockholm"),
            period=Period(date(2024, 3, 30), date(2024, 4, 2)),
            as_of=NOW,
            runner=runner,
            grain="day",
        )
        assert [v.value for v in values] == [1, 2, 1]

    @pytest.mark.parametrize("zone", ["Europe/Stockholm", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Apia"])
    def test_periods_agree_with_the_local_day_of_each_row(
        self, company: Company, runner: DuckdbRunner, zone: str
    ) -> None:
        tables = drawn_tables(7)
        moments = [row["occurred_at"] for row in tables["interactions"] if row["type"] == "page_view"]
        expected = Counter(m.astimezone(ZoneInfo(zone)).date() for m in moments)  # type: ignore[attr-defined]
        interactions = [{**row, "message_id": None} for row in tables["interactions"]]
        values = measure(
            ["page_views"],
            company(interactions=interactions, time_zone=zone),
            period=Period(date(2023, 12, 31), date(2025, 1, 2)),
            as_of=NOW,
            runner=runner,
            grain="day",
        )
        assert {v.period.start: v.value for v in values if v.value} == dict(expected)
