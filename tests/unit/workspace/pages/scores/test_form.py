"""A definition as a form: one change in one place, and all the rest as it was."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.definition_text import read_yaml
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.workspace.pages.scores.form.changes import FORMS, changed, place_of
from rapport.workspace.pages.scores.form.shown import form_of
from rapport.workspace.pages.scores.form.values import operand, typed_operand
from rapport.workspace.scores.templates import templates
from small_company import SmallCompany

DOCUMENT = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: B, from: 0}]
groups:
  visits and mails:
    type: engagement
    criteria:
      - {name: visit, points: 10, per: {event: page_view, where: {field: url_path, starts_with: /pricing}}}
      - name: big
        points: 5
        when: {any: [{field: account.employees, between: [50, null]}, {not: {field: contact.city, is: Ulm}}]}
"""
VISIT = "groups/visits and mails/criteria/0"


def interest(change: str, place: str, value: str = "", text: str = DOCUMENT) -> PointsDefinition:
    definition = parse_definition(changed(text, change=change, place=place, value=value))
    assert isinstance(definition, PointsDefinition)
    return definition


class TestChanges:
    def test_a_number_is_set_as_written_and_nothing_else_moves(self) -> None:
        before, after = parse_definition(DOCUMENT), interest("set", f"{VISIT}/points", "0.1")
        assert isinstance(before, PointsDefinition)
        (_, visit), (_, big) = after.criteria
        assert visit.points == Decimal("0.1")
        assert big == list(before.criteria)[1][1]

    def test_an_emptied_value_takes_the_parts_around_it_along(self) -> None:
        text = changed(DOCUMENT, change="set", place=f"{VISIT}/at_most/times", value="3")
        text = changed(text, change="set", place=f"{VISIT}/at_most/per_days", value="7")
        assert read_yaml(text)["groups"]["visits and mails"]["criteria"][0]["at_most"] == {"times": 3, "per_days": 7}
        for key in ("times", "per_days"):
            text = changed(text, change="set", place=f"{VISIT}/at_most/{key}", value=" ")
        assert "at_most" not in read_yaml(text)["groups"]["visits and mails"]["criteria"][0]

    @pytest.mark.parametrize("form", FORMS)
    def test_a_criterion_of_every_form_can_be_added_and_read(self, form: str) -> None:
        *_, (_, new) = interest("add_criterion", "groups/visits and mails", form).criteria
        assert new.name == "new criterion"

    @pytest.mark.parametrize("form", FORMS)
    def test_a_criterion_takes_every_form_and_keeps_its_name(self, form: str) -> None:
        (_, visit), _ = interest("reform", VISIT, form).criteria
        assert visit.name == "visit"
        if visit.event is not None:
            assert visit.event.event == "page_view"

    def test_tests_are_added_joined_and_removed(self) -> None:
        text = changed(DOCUMENT, change="add_test", place=f"{VISIT}/per/where", value="channel")
        text = changed(text, change="join", place=f"{VISIT}/per/where", value="any")
        where = read_yaml(text)["groups"]["visits and mails"]["criteria"][0]["per"]["where"]
        assert where == {
            "any": [{"field": "url_path", "starts_with": "/pricing"}, {"field": "channel", "present": True}]
        }
        for _ in range(2):
            text = changed(text, change="remove_test", place=f"{VISIT}/per/where/any/0", value="")
        assert read_yaml(text)["groups"]["visits and mails"]["criteria"][0]["per"] == {"event": "page_view"}

    def test_another_test_keeps_what_was_compared_with(self) -> None:
        (_, visit), _ = interest("test", f"{VISIT}/per/where", "contains").criteria
        assert visit.per is not None
        assert visit.per.where.contains == "/pricing"  # type: ignore[union-attr]

    def test_groups_are_added_renamed_and_removed(self) -> None:
        text = changed(DOCUMENT, change="add_group", place="", value="fit")
        text = changed(text, change="rename_group", place="groups/fit", value="who / where")
        assert list(read_yaml(text)["groups"]) == ["visits and mails", "who / where"]
        text = changed(text, change="set", place=place_of("groups", "who / where", "limit", "max"), value="40")
        assert read_yaml(text)["groups"]["who / where"]["limit"] == {"max": 40}
        text = changed(text, change="remove", place=place_of("groups", "who / where"), value="")
        assert list(read_yaml(text)["groups"]) == ["visits and mails"]

    def test_criteria_move_within_their_group(self) -> None:
        names = [c.name for _, c in interest("move", VISIT, "down").criteria]
        assert names == ["big", "visit"]
        assert [c.name for _, c in interest("move", VISIT, "up").criteria] == ["visit", "big"]

    def test_ranges_follow_each_other(self) -> None:
        text = changed(DOCUMENT, change="add_criterion", place="groups/visits and mails", value="count")
        text = changed(text, change="add_range", place="groups/visits and mails/criteria/2/points/ranges", value="")
        assert read_yaml(text)["groups"]["visits and mails"]["criteria"][2]["points"]["ranges"] == [
            [1, 1, 5],
            [2, None, 5],
        ]

    @pytest.mark.parametrize(
        ("change", "place"), [("set", "groups/none/criteria/9/points"), ("explode", ""), ("move", "bands/x")]
    )
    def test_a_place_that_is_not_there_is_refused(self, change: str, place: str) -> None:
        with pytest.raises(DefinitionError, match="There is no such"):
            changed(DOCUMENT, change=change, place=place, value="1")


@pytest.mark.parametrize(
    ("test", "typed", "held"),
    [
        ("in", "a, b", ["a", "b"]),
        ("between", "50 to 1000", [50, 1000]),
        ("between", " to 7", [None, 7]),
        ("at_least", "2.50", Decimal("2.50")),
        ("within_days", "30", 30),
        ("present", "false", False),
        ("is", "true", True),
        ("is", "12", "12"),
        ("above", "much", "much"),
    ],
)
def test_operands_are_read_and_shown_alike(test: str, typed: str, held: object) -> None:
    assert operand(test, typed) == held
    assert typed_operand(test, held) == typed


class TestForm:
    def test_shows_what_it_can_and_leaves_the_rest_to_the_text(self) -> None:
        form = form_of(read_yaml(DOCUMENT))
        assert form.groups is not None
        visit, big = form.groups[0].criteria
        assert (visit.form, visit.points) == ("per", "10")
        assert visit.event is not None
        assert [(t.field, t.test, t.operand) for t in visit.event.where.tests] == [
            ("url_path", "starts_with", "/pricing")
        ]
        assert big.when is not None
        assert big.when.tests == ()
        assert "not:" in big.when.text

    @pytest.mark.parametrize("key", [key for key, t in templates().items() if "kind: points" in t.document])
    def test_every_place_of_a_template_can_be_written_back(self, key: str) -> None:
        document = templates()[key].document
        form, before = form_of(read_yaml(document)), parse_definition(document)
        for group in form.groups or ():
            for criterion in group.criteria:
                text = changed(document, change="set", place=f"{criterion.place}/name", value=criterion.name)
                assert parse_definition(text) == before

    def test_an_unfinished_document_is_still_shown(self) -> None:
        form = form_of({"kind": "points", "groups": {"x": None, "y": {"criteria": [{"points": "?"}, 7]}}, "bands": 3})
        assert form.groups is not None
        assert [c.points for c in form.groups[1].criteria] == ["?"]


class TestPage:
    @pytest.fixture(autouse=True)
    def _lake(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))

    def test_a_change_comes_back_as_form_and_text(self, company: SmallCompany) -> None:
        asked = {"document": DOCUMENT, "change": "set", "place": f"{VISIT}/points", "value": "12"}
        page = company.client("ada").post("/scores/form/", asked)
        assert page.context["form"].groups[0].criteria[0].points == "12"
        assert 'hx-swap-oob="true"' in page.content.decode()
        assert "points: 12" in page.context["document"]

    def test_a_text_that_cannot_be_read_is_not_touched(self, company: SmallCompany) -> None:
        page = company.client("ada").post("/scores/form/", {"document": "groups: [", "change": "add_band"})
        assert "not readable" in page.context["problem"]
        assert "hx-swap-oob" not in page.content.decode()

    def test_is_for_those_who_may_edit(self, company: SmallCompany) -> None:
        assert company.client("alice").post("/scores/form/", {"document": DOCUMENT}).status_code == 403
