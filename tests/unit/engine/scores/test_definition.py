"""Reading definitions: numbers as written, closed keys, errors that help."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import definition_of, parse_definition
from rapport.engine.scores.points.spec import CountPoints, PointsDefinition

TEXT = """
name: lead_readiness
subject: contact
kind: points
range: [0, 100]
bands: [{label: D, from: 0}, {label: A, from: 80}, {label: 1, from: 40.5}]
outcome: {event: deal_won, within_days: 90}
groups:
  engagement:
    type: engagement
    decay: {half_life_days: 30}
    criteria:
      - {name: pricing, points: 0.1, per: {event: page_view, where: {field: url_path, starts_with: /pricing}}}
      - {name: visits, points: {count: {event: page_view, within_days: 30}, ranges: [[10, null, 8], [1, 9, 2]]}}
      - {name: quiet, points: -15, when: {no: {event: any, within_days: 60}}}
"""


def points_definition(text: str = TEXT) -> PointsDefinition:
    definition = parse_definition(text)
    assert isinstance(definition, PointsDefinition)
    return definition


def test_numbers_are_decimals_as_written() -> None:
    assert points_definition().groups["engagement"].criteria[0].points == Decimal("0.1")


def test_bands_come_highest_first_and_a_number_may_be_a_label() -> None:
    assert [(b.label, b.from_) for b in points_definition().bands] == [("A", 80), ("1", Decimal("40.5")), ("D", 0)]


def test_ranges_come_in_order() -> None:
    visits = points_definition().groups["engagement"].criteria[1].points
    assert isinstance(visits, CountPoints)
    assert [r[:2] for r in visits.ranges] == [(1, 9), (10, None)]


def test_no_is_a_word_and_not_false() -> None:
    condition = points_definition().groups["engagement"].criteria[2].when
    assert condition is not None
    assert condition.model_dump(by_alias=True, exclude_none=True) == {"no": {"event": "any", "within_days": 60}}


def test_a_dictionary_reads_like_the_text() -> None:
    document = points_definition().model_dump(mode="json", by_alias=True, exclude_none=True)
    assert definition_of(document) == points_definition()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("starts_with", "start_with", "Did you mean 'starts_with'?"),
        ("half_life_days: 30", "half_life: 30", "Did you mean 'half_life_days'?"),
        ("kind: points", "kind: point", "Did you mean 'points'?"),
        ("points: 0.1,", "points: 0.1234567,", "at most 6 decimal places"),
        ("points: 0.1,", "points: many,", "Received: 'many'"),
        ("[1, 9, 2]", "[1, 10, 2]", "overlap"),
        ("[1, 9, 2]", "[9, 1, 2]", "the lower end comes first"),
        ("range: [0, 100]", "range: [100, 0]", "The lower end of a range comes first."),
        ("name: visits", "name: pricing", "Each criterion has its own name."),
        ("{half_life_days: 30}", "{half_life_days: 30, percent: 5}", "not both"),
        ("subject: contact", "subject: person", "contact"),
        ("where: {field: url_path, starts_with: /pricing}", "where: {segment: vip}", "only tests on the event's own"),
        ("starts_with: /pricing}", "starts_with: /pricing, contains: x}", "exactly one test"),
        ("per: {event: page_view", "once: {event: call}, per: {event: page_view", "per or once, not both"),
        ("points: -15, when: {no: {event: any, within_days: 60}}", "points: -15", "need one of per, once or when"),
        ("when: {no: {event: any, within_days: 60}}", "when: {}", "A condition says one of"),
        ("groups:", "bands: []\ngroups:", "comes twice"),
        ("range: [0, 100]", "range: &a [0, *a]", "aliases are not read"),
        ("range: [0, 100]", "range: !!python/name:os.system []", "not readable YAML"),
        ("within_days: 90}", "within_days: 90", "not readable YAML"),
        ("starts_with: /pricing}", "at_least: 5}", "criterion 'pricing', url_path: url_path is a text"),
        ("starts_with: /pricing}", 'matches: "(?=x)"}', "The pattern cannot be read"),
        ("no: {event: any, within_days: 60}", "field: contact.tittle_, in_list: free_male", "Did you mean 'free_mail'"),
        ("no: {event: any, within_days: 60}", "field: title, is: boss", "begins with its table"),
        ("no: {event: any, within_days: 60}", "field: contact.birth_date, is: 31/12/2024", "written 2024-12-31"),
        ("no: {event: any, within_days: 60}", "field: account.employees, is: many", "compared with a number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(DefinitionError) as raised:
        parse_definition(TEXT.replace(old, new))
    assert words in str(raised.value)


def test_the_place_leads_to_the_criterion() -> None:
    with pytest.raises(DefinitionError) as raised:
        parse_definition(TEXT.replace("starts_with", "start_with"))
    assert raised.value.where == "groups.engagement.criteria[0].per.where"
    assert raised.value.received == "start_with"


def test_events_of_campaigns_do_not_belong_to_a_deal() -> None:
    with pytest.raises(DefinitionError, match="does not belong to a deal"):
        parse_definition(
            TEXT.replace("subject: contact", "subject: deal").replace("event: any", "event: campaign_response")
        )


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(DefinitionError, match="nested too deeply"):
        parse_definition("a: " + "[" * 500 + "]" * 500)
