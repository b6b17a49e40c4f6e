"""Values set by hand: apart from what is computed, and what the work list goes by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from rapport.engine.errors import DefinitionError
from rapport.workspace.actions.candidates import Bounds, candidates
from rapport.workspace.actions.reasons import reasoned
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import CurrentScore
from rapport.workspace.scores.overrides import end_override, overrides, set_override
from rapport.workspace.scores.releases import publish
from small_company import SmallCompany

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOUNDS = Bounds(labels=("A", "B", "C"), bounds=(Decimal(80), Decimal(40), Decimal(0)))


@pytest.fixture(autouse=True)
def _live(document: str) -> None:
    publish(create_draft(document=document, by="ada"), by="ada", reason="first", override="no history")
    for key, value in (("warm", 50), ("hot", 90)):
        CurrentScore.objects.create(
            score="lead_readiness", version=1, subject="contact", subject_id=key, value=value,
            band="A" if value > 80 else "B", as_of=NOW, computed_at=NOW, run_id="r",
        )  # fmt: skip


def by_hand(subject_id: str, value: str, *, until: datetime | None = None, at: datetime = NOW) -> None:
    set_override("lead_readiness", subject_id, value=Decimal(value), reason="met them", by="ada", at=at, until=until)


def standing(at: datetime = NOW) -> dict[str, Decimal]:
    return {key: row.value for key, row in overrides("lead_readiness", at=at).items()}


class TestOverrides:
    def test_leave_the_computed_value_alone(self) -> None:
        by_hand("warm", "95.5")
        assert standing() == {"warm": Decimal("95.5")}
        assert CurrentScore.objects.get(subject_id="warm").value == 50

    def test_a_new_one_ends_the_one_before(self) -> None:
        by_hand("warm", "95")
        by_hand("warm", "10", at=NOW + timedelta(hours=1))
        assert standing(NOW + timedelta(hours=2)) == {"warm": 10}

    def test_end_by_themselves_or_when_they_are_ended(self) -> None:
        by_hand("warm", "95", until=NOW + timedelta(days=7))
        by_hand("hot", "5")
        assert end_override("lead_readiness", "hot", by="ada", at=NOW + timedelta(days=1))
        assert standing(NOW + timedelta(days=6)) == {"warm": 95}
        assert standing(NOW + timedelta(days=7)) == {}
        assert not end_override("lead_readiness", "warm", by="ada", at=NOW + timedelta(days=8))

    @pytest.mark.parametrize(("value", "until"), [("101", None), ("-1", None), ("50", NOW)])
    def test_what_makes_no_sense_is_refused(self, value: str, until: datetime | None) -> None:
        with pytest.raises(DefinitionError):
            by_hand("warm", value, until=until)

    def test_need_a_reason(self) -> None:
        with pytest.raises(DefinitionError, match="Say why"):
            set_override("lead_readiness", "warm", value=Decimal(5), reason=" ", by="ada", at=NOW)


class TestWorkList:
    def test_follows_what_is_set_by_hand(self) -> None:
        assert [c.current.subject_id for c in candidates("lead_readiness", BOUNDS, now=NOW)] == ["hot"]
        by_hand("warm", "95")
        by_hand("hot", "5")
        (only,) = candidates("lead_readiness", BOUNDS, now=NOW)
        assert (only.current.subject_id, only.cause) == ("warm", "high")
        assert reasoned(only, None, None).sentence == "Set to 95 by ada: met them."


class TestPage:
    PAGE = "/scores/override/lead_readiness/contact-0/"

    def test_sets_shows_and_ends(self, company: SmallCompany) -> None:
        client = company.client("ada")
        page = client.post(self.PAGE, {"value": "42,5", "reason": "met them", "until": ""})
        assert page.context["standing"].value == Decimal("42.5")
        assert "met them" in page.content.decode()
        assert client.post(self.PAGE, {"do": "end"}).context["standing"] is None

    @pytest.mark.parametrize(
        "asked", [{"value": "much", "reason": "x"}, {"value": "5", "reason": "x", "until": "soon"}]
    )
    def test_says_what_is_wrong(self, company: SmallCompany, asked: dict[str, str]) -> None:
        page = company.client("ada").post(self.PAGE, asked)
        assert page.status_code == 422
        assert page.context["problem"]

    def test_is_for_those_who_may_edit_scores_and_see_the_record(self, company: SmallCompany) -> None:
        assert company.client("alice").get(self.PAGE).status_code == 403
        assert company.client("ada").get(self.PAGE.replace("contact-0", "nobody")).status_code == 404
