"""Credit by each model, on paths whose shares are known by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure
from rapport.engine.metrics.attribution.models import MODELS
from tiny_company import Company, Row, utc

NOW = utc("2025-01-31")
MARCH = Period.month(2024, 3)
CAMPAIGNS = [{"id": c, "created_at": "2024-01-01", "channel": "email"} for c in "ABCDE"]


def click(contact: str, campaign: str | None, day: int, **more: object) -> Row:
    told = {"campaign_id": campaign, "occurred_at": f"2024-03-{day:02d}", "type": "email_click", **more}
    return {"contact_id": contact, **told}


def order(contact: str = "p", day: int = 21, amount: float = 100, **more: object) -> Row:
    return {"contact_id": contact, "ordered_at": f"2024-03-{day:02d}", "amount": amount, **more}


def walked(path: str, contact: str = "p") -> list[Row]:
    """A click a day from 1 March on; `-` is a visit of their own accord."""
    return [
        click(contact, None, day, type="page_view") if letter == "-" else click(contact, letter, day)
        for day, letter in enumerate(path, 1)
    ]


@pytest.fixture
def credit(company: Company, runner: DuckdbRunner):  # type: ignore[no-untyped-def]
    """Revenue of March by campaign under a model: `credit("linear", interactions=[...], orders=[...])`."""

    def told(model: str, *, kind: str = "revenue", settings: Mapping[str, object] | None = None, **tables: list[Row]):  # type: ignore[no-untyped-def]
        snapshot = company(campaigns=CAMPAIGNS, settings=settings, **tables)
        values = measure(
            [f"campaign_{kind}_{model}"], snapshot, period=MARCH, as_of=NOW, runner=runner, by=["campaign"]
        )
        return {v.dimensions["campaign"]: round(v.value, 6) for v in values if v.value}

    return told


def money(**parts: float | str) -> dict[str, Decimal]:
    return {name: Decimal(str(part)) for name, part in parts.items()}


class TestPositions:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("A", money(A=100)),
            ("AB", money(A=50, B=50)),
            ("ABCDE", money(A=40, B="6.6667", C="6.6667", D="6.6667", E=40)),
        ],
    )
    def test_position_based(self, credit, path: str, expected: dict[str, Decimal]) -> None:  # type: ignore[no-untyped-def]
        """100 over one, two and five touches: 100 / 50, 50 / 40, 6.67, 6.67, 6.67, 40."""
        found = credit("position_based", interactions=walked(path), orders=[order()])
        assert {name: round(part, 2) for name, part in found.items()} == pytest.approx(
            {name: round(part, 2) for name, part in expected.items()}
        )

    def test_first_last_and_linear(self, credit) -> None:  # type: ignore[no-untyped-def]
        tables = {"interactions": walked("ABAC"), "orders": [order()]}
        assert credit("first_touch", **tables) == money(A=100)
        assert credit("last_touch", **tables) == money(C=100)
        assert credit("linear", **tables) == money(A=50, B=25, C=25)

    def test_repeats_right_after_one_another_are_one_touch(self, credit) -> None:  # type: ignore[no-untyped-def]
        assert credit("linear", interactions=walked("AAAB"), orders=[order()]) == money(A=50, B=50)

    def test_a_touch_told_twice_is_one(self, credit) -> None:  # type: ignore[no-untyped-def]
        """Sent to as a member and told as an interaction, at the same instant, for two hundred people."""
        people = [f"p{i}" for i in range(200)]
        mails = [touch for who in people for touch in walked("ABA", who)]
        members = [
            {"campaign_id": c, "contact_id": who, "added_at": "2024-01-01", "sent_at": f"2024-03-0{day}"}
            for who in people
            for day, c in enumerate("ABA", 1)
        ]
        tables = {
            "interactions": mails,
            "campaign_members": members,
            "orders": [order(who, amount=1) for who in people],
        }
        assert credit("first_touch", **tables) == money(A=200)
        assert credit("position_based", **tables) == money(A=160, B=40)

    def test_half_as_much_for_each_week_further_back(self, credit) -> None:  # type: ignore[no-untyped-def]
        """A 14 days, B 7 days, C 0 days before: 1/4, 1/2, 1 of 7/4."""
        touches = [click("p", "A", 7), click("p", "B", 14), click("p", "C", 21)]
        found = credit("time_decay", interactions=touches, orders=[order(amount=70)])
        assert found == money(A=10, B=20, C=40)
        slower = credit(
            "time_decay",
            interactions=touches[1:],
            orders=[order(amount=30)],
            settings={"attribution_half_life_days": 7},
        )
        assert slower == money(B=10, C=20)


class TestKeyTouches:
    """p became a lead on 3 March, the deal was made on 6 March and won on 21 March."""

    TABLES = {
        "contacts": [{"id": "p", "created_at": "2024-03-03 12:00", "account_id": "a", "lifecycle_stage": "lead"}],
        "deals": [
            {"id": "d", "created_at": "2024-03-06 12:00", "status": "won", "closed_at": "2024-03-21", "amount": 1000}
            | {"contact_id": "p", "account_id": "a"}
        ],
    }

    def test_u_shaped_gives_to_the_touch_that_made_the_lead(self, credit) -> None:  # type: ignore[no-untyped-def]
        found = credit("u_shaped_lead", interactions=walked("ABCDEA"), **self.TABLES)
        assert found == money(A=450, B=50, C=400, D=50, E=50)

    def test_w_shaped(self, credit) -> None:  # type: ignore[no-untyped-def]
        """First A, lead C, deal the A of 6 March; B, D, E share a tenth."""
        found = credit("w_shaped", interactions=walked("ABCDEA"), **self.TABLES)
        assert {name: round(part, 3) for name, part in found.items()} == {
            "A": Decimal("600.000"),
            "B": Decimal("33.333"),
            "C": Decimal("300.000"),
            "D": Decimal("33.333"),
            "E": Decimal("33.333"),
        }
        assert sum(found.values()) == 1000

    def test_full_path_gives_to_the_close_too(self, credit) -> None:  # type: ignore[no-untyped-def]
        """First A, lead C, deal E (5 March), last B (9 March)."""
        touches = [*walked("ABCDE"), click("p", "B", 9)]
        found = credit("full_path", interactions=touches, **self.TABLES)
        assert found == money(A=225, B=275, C=225, D=50, E=225)

    def test_a_key_touch_that_is_missing_leaves_its_part_to_the_others(self, credit) -> None:  # type: ignore[no-untyped-def]
        """Without a deal W-shaped has two key touches: 45 % each, and 10 % for B."""
        tables = {"contacts": self.TABLES["contacts"], "orders": [order(amount=1000)]}
        assert credit("w_shaped", interactions=walked("ABC"), **tables) == money(A=450, B=100, C=450)

    def test_who_was_a_lead_before_the_path_began_has_no_lead_touch(self, credit) -> None:  # type: ignore[no-untyped-def]
        people = [{"id": "p", "created_at": "2023-01-01", "lifecycle_stage": "lead"}]
        found = credit("u_shaped_lead", interactions=walked("ABC"), contacts=people, orders=[order()])
        assert found == money(A=80, B=10, C=10)


class TestDirect:
    def test_visits_of_their_own_accord_get_credit_too(self, credit) -> None:  # type: ignore[no-untyped-def]
        found = credit("linear", interactions=walked("A-B"), orders=[order(amount=30)])
        assert found == money(A=10, direct=10, B=10)

    def test_but_not_at_the_end_except_where_they_are_all_or_the_model_is_last_touch(self, credit) -> None:  # type: ignore[no-untyped-def]
        tables = {"interactions": walked("AB--"), "orders": [order()]}
        assert credit("linear", **tables) == money(A=50, B=50)
        assert credit("position_based", **tables) == money(A=50, B=50)
        assert credit("last_touch", **tables) == money(direct=100)
        assert credit("linear", interactions=walked("--"), orders=[order()]) == money(direct=100)

    def test_the_purchase_itself_is_none(self, credit) -> None:  # type: ignore[no-untyped-def]
        bought = {**click("p", None, 21, type="store_visit"), "order_id": "o"}
        found = credit("last_touch", interactions=[*walked("A"), bought], orders=[order(id="o")])
        assert found == money(A=100)

    def test_they_may_stay_at_the_end(self, credit) -> None:  # type: ignore[no-untyped-def]
        settings = {"attribution_strip_direct": False}
        found = credit("linear", interactions=walked("A-"), orders=[order()], settings=settings)
        assert found == money(A=50, direct=50)

    def test_or_be_left_out_as_any_channel(self, credit) -> None:  # type: ignore[no-untyped-def]
        settings = {"attribution_excluded_channels": ["direct"]}
        assert credit("linear", interactions=walked("A-A"), orders=[order()], settings=settings) == money(A=100)
        assert credit("linear", interactions=walked("-"), orders=[order()], settings=settings) == money(
            unattributed=100
        )
        settings = {"attribution_excluded_channels": ["email", "direct"]}
        assert credit("linear", interactions=walked("A-"), orders=[order()], settings=settings) == money(
            unattributed=100
        )


class TestEveryModel:
    """All models at once: by model, by campaign."""

    @pytest.fixture
    def credits_(self, company: Company, runner: DuckdbRunner):  # type: ignore[no-untyped-def]
        def told(kind: str, **tables: list[Row]) -> dict[str, dict[str | None, Decimal]]:
            ids = [f"campaign_{kind}_{model.id}" for model in MODELS]
            snapshot = company(campaigns=CAMPAIGNS, **tables)
            found: dict[str, dict[str | None, Decimal]] = {metric: {} for metric in ids}
            for v in measure(ids, snapshot, period=MARCH, as_of=NOW, runner=runner, by=["campaign"]):
                if v.value:
                    found[v.metric][v.dimensions["campaign"]] = v.value
            return found

        return told

    def test_credit_adds_up_to_the_purchases_and_the_rest_is_unattributed(self, credits_) -> None:  # type: ignore[no-untyped-def]
        """Three purchases: two with a path, q's without; r was touched and bought nothing."""
        tables = {
            "interactions": [*walked("ABC-A"), *walked("CB", "s"), *walked("AB", "r")],
            "orders": [order(), order("s", amount=50), order("q", amount=7)],
        }
        for purchases in credits_("purchases", **tables).values():
            assert sum(purchases.values()) == 3
            assert purchases["unattributed"] == 1
        for revenue in credits_("revenue", **tables).values():
            assert sum(revenue.values()) == 157
            assert revenue["unattributed"] == 7

    def test_a_touch_too_old_or_after_the_purchase_counts_for_nothing(self, credits_) -> None:  # type: ignore[no-untyped-def]
        old = {**click("p", "A", 1), "occurred_at": "2024-02-01"}
        for revenue in credits_("revenue", interactions=[old, click("p", "B", 25)], orders=[order()]).values():
            assert revenue == money(unattributed=100)

    def test_a_refund_takes_its_part_back(self, credits_) -> None:  # type: ignore[no-untyped-def]
        tables = {
            "interactions": walked("AB"),
            "orders": [order(id="o")],
            "refunds": [{"order_id": "o", "amount": 100, "refunded_at": "2024-03-28"}],
        }
        for revenue in credits_("revenue", **tables).values():
            assert sum(revenue.values()) == 0
        for purchases in credits_("purchases", **tables).values():
            assert sum(purchases.values()) == 1


class TestFitted:
    def test_markov_as_published(self, credit) -> None:  # type: ignore[no-untyped-def]
        """A>B converts, A does not, B converts, A>B>A does not: A .8 and B 1.2 of 2."""
        tables = {
            "interactions": [*walked("AB", "p"), *walked("A", "q"), *walked("B", "r"), *walked("ABA", "s")],
            "orders": [order("p"), order("r")],
        }
        found = credit("markov", kind="purchases", **tables)
        assert found == {"A": Decimal("0.8"), "B": Decimal("1.2")}

    def test_shapley_by_hand(self, credit) -> None:  # type: ignore[no-untyped-def]
        """v(A) = 0 of 1, v(B) = 1 of 1, v(AB) = 2 of 4: A -1/4, B 3/4 of 1/2; so -1 and 3 of the two purchases."""
        tables = {
            "interactions": [*walked("AB", "p"), *walked("A", "q"), *walked("B", "r"), *walked("ABA", "s")],
            "orders": [order("p"), order("r")],
        }
        assert credit("shapley", kind="purchases", **tables) == {"A": Decimal(-1), "B": Decimal(3)}

    def test_who_bought_in_another_period_is_lost_to_this_one(self, credit) -> None:  # type: ignore[no-untyped-def]
        late = {"contact_id": "q", "ordered_at": "2024-04-02", "amount": 9}
        tables = {"interactions": [*walked("AB", "p"), *walked("B", "q")], "orders": [order("p"), late]}
        assert sum(credit("markov", **tables).values()) == 100
