"""The book of deals as known at an instant: nothing of later, stages as visited or recorded, one currency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError, MissingTable
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.forecasting.pipeline.book import Book, in_days
from rapport.engine.forecasting.pipeline.reading import StandIns, read_book
from tiny_company import Row, arrow_rows, changed, utc


def deal(name: str, **values: object) -> Row:
    return {
        "id": name,
        "created_at": "2024-01-01",
        "recorded_at": "2024-01-01",
        "status": "open",
        "amount": 10,
        **values,
    }


def visit(of: str, stage: str, entered: str, left: str | None = None) -> Row:
    return {"deal_id": of, "stage": stage, "entered_at": entered, "left_at": left, "recorded_at": entered}


def book(
    runner: DuckdbRunner, *, at: str = "2024-03-01", stand_ins: StandIns = StandIns.NONE, **tables: Sequence[Row]
) -> Book:
    snapshot = Snapshot({name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()})
    return read_book(as_known(snapshot, utc(at)), runner=runner, stand_ins=stand_ins)


class TestBook:
    def test_a_close_that_came_later_had_not_happened_nor_its_amount(self, runner: DuckdbRunner) -> None:
        rows = [
            deal("a", status="won", closed_at="2024-02-10", amount=100),
            deal("b", status="won", closed_at="2024-03-10", amount=900),
            deal("c", created_at="2024-03-05", recorded_at="2024-03-05"),
        ]
        found = book(runner, deals=rows)
        assert found.ids.tolist() == ["a", "b"]
        assert found.is_open.tolist() == [False, True]
        assert found.won.tolist() == [True, False]
        assert found.amount[0] == 100
        assert np.isnan(found.amount[1])

    def test_values_of_then_come_from_history(self, runner: DuckdbRunner) -> None:
        history = [
            changed("deal", "a", "status", "open", "2024-01-01"),
            changed("deal", "a", "amount", 50, "2024-01-01"),
            changed("deal", "a", "owner_id", "u1", "2024-01-01"),
            changed("deal", "a", "amount", 80, "2024-03-05"),
            changed("deal", "a", "owner_id", "u2", "2024-03-05"),
        ]
        found = book(runner, deals=[deal("a", amount=80, owner_id="u2")], attribute_history=history)
        assert (found.amount.tolist(), found.owner.tolist()) == ([50], ["u1"])

    def test_what_an_import_recorded_later_stands_in_only_where_it_may(self, runner: DuckdbRunner) -> None:
        rows = [deal("a"), deal("b", status="won", closed_at="2024-02-01")]
        history = [
            changed("deal", "b", "status", "won", "2024-02-01"),
            *(changed("deal", d, "amount", 70, "2024-06-01") for d in "ab"),
            *(changed("deal", d, "owner_id", "u1", "2024-06-01") for d in "ab"),
        ]
        strict, past, whole = (
            book(runner, deals=rows, attribute_history=history, stand_ins=stand_ins) for stand_ins in StandIns
        )
        assert np.isnan(strict.amount).all()
        assert np.isnan(past.amount[0])
        assert past.amount[1] == 70
        assert whole.amount.tolist() == [70, 70]
        assert (strict.owner.tolist(), past.owner.tolist()) == ([None, None], ["u1", "u1"])

    def test_visits_run_from_the_beginning_to_the_close_without_gaps(self, runner: DuckdbRunner) -> None:
        visits = [
            visit("a", "Talk", "2024-01-03", "2024-01-10"),
            visit("a", "Offer", "2024-01-12", "2024-02-01"),
            visit("b", "Talk", "2024-01-01", "2024-03-20"),
            visit("b", "Offer", "2024-03-20"),
        ]
        found = book(
            runner,
            deals=[
                deal("a", status="lost", closed_at="2024-02-01", stage="Offer"),
                deal("b", stage="Offer"),
                deal("c", stage="Talk"),
            ],
            deal_stage_visits=visits,
        )
        stays = [
            (str(found.ids[d]), found.states[s], e, left)
            for d, s, e, left in zip(
                *(getattr(found.visits, n) for n in ("deal", "state", "entered", "left")), strict=True
            )
        ]
        day = {d: in_days(utc(f"2024-{d}")) for d in ("01-01", "01-12", "02-01", "03-01")}
        assert stays == [
            ("a", "Talk", day["01-01"], day["01-12"]),
            ("a", "Offer", day["01-12"], day["02-01"]),
            ("b", "Talk", day["01-01"], day["03-01"]),
            ("c", "Talk", day["01-01"], day["03-01"]),
        ]
        assert found.stage.tolist() == ["Offer", "Talk", "Talk"]
        assert found.has_stages

    def test_stages_come_from_recorded_values_where_no_visits_are_kept(self, runner: DuckdbRunner) -> None:
        history = [
            changed("deal", "a", "status", "open", "2024-01-01"),
            changed("deal", "a", "stage", "Talk", "2024-01-01"),
            changed("deal", "a", "stage", "Offer", "2024-02-01"),
            changed("deal", "a", "stage", "Contract", "2024-04-01"),
        ]
        found = book(runner, deals=[deal("a", stage="Contract")], attribute_history=history)
        assert [found.states[s] for s in found.visits.state] == ["Talk", "Offer"]
        assert found.stage.tolist() == ["Offer"]

    def test_pipelines_have_stages_of_their_own(self, runner: DuckdbRunner) -> None:
        visits = [visit("a", "Talk", "2024-01-01"), visit("b", "Talk", "2024-01-01")]
        found = book(runner, deals=[deal("a", pipeline="New"), deal("b", pipeline="Old")], deal_stage_visits=visits)
        assert set(found.states) == {"New: Talk", "Old: Talk"}

    def test_without_stage_history_all_share_one_state(self, runner: DuckdbRunner) -> None:
        found = book(runner, deals=[deal("a", stage="Talk"), deal("b", stage="Offer")])
        assert found.states == ("",)
        assert not found.has_stages

    def test_amounts_are_in_the_base_currency_or_unknown(self, runner: DuckdbRunner) -> None:
        rates = [{"date": "2024-01-01", "currency": "USD", "per_base": "2"}]
        rows = [deal("a", currency="USD"), deal("b", currency="GBP"), deal("c", currency="EUR"), deal("d", amount=None)]
        found = book(runner, deals=rows, exchange_rates=rates)
        assert found.amount[[0, 2]].tolist() == [5, 10]
        assert np.isnan(found.amount[[1, 3]]).all()
        assert (found.amounts_unconverted, found.amounts_missing) == (1, 1)

    def test_closed_deals_without_a_day_are_left_out_and_counted(self, runner: DuckdbRunner) -> None:
        found = book(runner, deals=[deal("a", status="won"), deal("b")])
        assert found.ids.tolist() == ["b"]
        assert found.closes_undated == 1

    def test_no_deals_are_told(self, runner: DuckdbRunner) -> None:
        with pytest.raises(MissingTable):
            book(runner)
        with pytest.raises(DataError, match="no deal"):
            book(runner, deals=[deal("a", created_at="2025-01-01", recorded_at="2025-01-01")])
