"""HubSpot lead scores in and out: what each rule becomes, and that nothing is lost silently."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import definition_of, parse_definition
from rapport.engine.scores.definition_writing import definition_yaml
from rapport.engine.scores.points.hubspot import export_score, import_score
from rapport.engine.scores.points.hubspot.exchanged import Carried
from rapport.engine.scores.points.kind import PointsKind
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.workspace.scores.templates import templates

PLAIN = {"includeObjectsWithNoValueSet": False}


def text(operator: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"operationType": "MULTISTRING", "operator": operator, "values": list(values), **PLAIN, **more}


def rule(calculation: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "1", "enabled": True, "configuration": {"calculation": calculation}, **more}


def conditional(value: float, **operations: Mapping[str, Any]) -> dict[str, Any]:
    conditions = [{"type": "SINGLE", "property": name, "operation": op} for name, op in operations.items()]
    where = {"type": "COMPOSITE", "operator": "AND", "conditions": conditions}
    return {"type": "CONDITIONAL", "value": value, "whereCondition": where}


def events(event_type: str, value: float, **more: Any) -> dict[str, Any]:
    entry = {"eventTypeId": event_type, "recordCalculation": {"type": "CONSTANT", "value": value}, **more}
    return {"type": "MULTI_UE", "eventCalculators": [entry]}


def score(*rules: Mapping[str, Any], category: str = "FIT", group: Mapping[str, Any] | None = None, **more: Any) -> Any:
    stated = {"groupName": "G", "id": "g", "groupCategory": category, "ruleConfigurations": list(rules)}
    return {
        "id": "7",
        "name": "Lead score",
        "objectTypeId": "0-1",
        "scoreStatus": "ON",
        "scoreType": "X",
        "allowedGroupTypes": ["FIT", "INTENT"],
        "groupConfigs": [stated | dict(group or {})],
        **more,
    }


def only(document: Any) -> Mapping[str, Any]:
    """The one criterion of an imported score, as it is written."""
    definition = import_score(document).definition
    ((_, criterion),) = definition.criteria
    return criterion.model_dump(by_alias=True, exclude_none=True)


class TestImport:
    def test_values_are_a_map_with_its_default(self) -> None:
        match = {"type": "MATCH", "property": "lifecyclestage", "defaultValue": 1}
        op = {"operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": ["lead", "mql"], **PLAIN}
        criterion = only(score(rule(match | {"matchRules": [{"operation": op, "value": 5}]})))
        points = {"value": "contact.lifecycle_stage", "map": {"lead": 5, "mql": 5}, "otherwise": 1}
        assert criterion == {"name": "lifecycle stage", "points": points}

    def test_conditions_join_by_and_and_unknown_properties_are_read_from_properties(self) -> None:
        criterion = only(
            score(rule(conditional(10, jobtitle=text("CONTAINS", "head"), shoe=text("IS_EQUAL_TO", "42"))))
        )
        title, shoe = {"field": "contact.title", "contains": "head"}, {"field": "contact.properties.shoe", "is": "42"}
        assert (criterion["points"], criterion["when"]) == (10, {"all": (title, shoe)})

    def test_a_negative_operation_with_missing_values_fires_for_unknown_ones_too(self) -> None:
        op = text("DOES_NOT_CONTAIN", "intern", includeObjectsWithNoValueSet=True)
        when = only(score(rule(conditional(3, jobtitle=op))))["when"]
        unknown = {"field": "contact.title", "present": False}
        assert when == {"any": ({"not": {"field": "contact.title", "contains": "intern"}}, unknown)}

    def test_segments_have_three_operations(self) -> None:
        names = ("HAS_ALL_SEGMENT_MEMBERSHIP", "HAS_AT_LEAST_ONE_SEGMENT_MEMBERSHIP", "HAS_NO_SEGMENT_MEMBERSHIP")
        rules = [{"operation": name, "segmentIds": [4, 5], "value": 2} for name in names]
        found = import_score(score(rule({"type": "SEGMENT_MEMBERSHIP", "segmentMembershipRules": rules})))
        four, five = {"segment": "hubspot:4"}, {"segment": "hubspot:5"}
        whens = [c.when.model_dump(by_alias=True) for _, c in found.definition.criteria if c.when]
        assert whens == [{"all": (four, five)}, {"any": (four, five)}, {"not": {"any": (four, five)}}]
        assert {note.carried for note in found.notes} == {Carried.CHECK}

    def test_events_count_each_time_or_by_ranges_within_days(self) -> None:
        rolling = {"operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN_X_DAYS_AGO", "numberOfDays": 30}
        frame = {"eventFilterOperation": {**rolling, **PLAIN, "requiresTimeZoneConversion": False}}
        ranges = [
            {"type": "EXACTLY", "from": 1, "value": 2},
            {"type": "BETWEEN", "from": 2, "to": 4, "value": 5},
            {"type": "AT_LEAST", "from": 5, "value": 9},
        ]
        often = {"eventFrequencyCriteria": {"type": "BETWEEN", "ranges": ranges}, "eventTimeframe": frame}
        each = only(score(rule(events("4-666440", 3)), category="INTENT"))
        assert (each["points"], each["per"]) == (3, {"event": "email_open"})
        counted = only(score(rule(events("4-96000", 0, **often)), category="INTENT"))["points"]
        assert counted["count"] == {"event": "page_view", "within_days": 30}
        assert counted["ranges"] == ((1, 1, 2), (2, 4, 5), (5, None, 9))

    def test_a_roll_up_over_deals_is_whether_there_is_one(self) -> None:
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}
        rolled = {
            "type": "ASSOCIATIONS",
            "associatedObjectTypeId": "0-3",
            "associationSpec": spec,
            "inverseAssociationSpec": spec,
            "rollupType": "MAX",
            "recordCalculation": conditional(20, pipeline=text("IS_EQUAL_TO", "new")),
        }
        when = only(score(rule(rolled)))["when"]
        assert (when["related"], when["where"]) == ("contact.deals", {"field": "pipeline", "is": "new"})
        summed = import_score(score(rule({**rolled, "rollupType": "SUM"}), rule({"type": "CONSTANT", "value": 1})))
        assert [note.where for note in summed.notes if note.carried is Carried.LEFT_OUT] == ["group 'G', rule 1"]

    def test_bounds_decay_labels_and_segments_of_the_score(self) -> None:
        outputs = [
            {"outputType": "THRESHOLD", "boundaries": [{"label": "Hot", "threshold": 60, "color": "RED"}], "id": "t"},
            {
                "outputType": "MATRIX",
                "id": "m",
                "boundaries": {
                    "FIT": [{"label": "A", "threshold": 20}],
                    "INTENT": [{"label": "1", "threshold": 30}, {"label": "2", "threshold": 0}],
                },
            },
        ]
        decay = {
            "groupDecay": {"decayIntervalDays": 30, "percentToDecayPerInterval": 50},
            "maxValue": 40,
            "minValue": 0,
        }
        found = import_score(
            score(
                rule(events("4-96000", 8), maxValue=24),
                category="INTENT",
                group=decay,
                maxScore=100,
                maxScorePerCategory=50,
                filterConfiguration={"listFilterType": "EXCLUDES", "segmentIds": [9]},
                outputConfiguration={"outputs": outputs},
            )
        )
        definition = found.definition
        assert (definition.range.min, definition.range.max) == (-100, 100)
        assert definition.limits.fit is not None
        assert definition.limits.fit.max == 50
        assert [(b.label, b.from_) for b in definition.bands] == [("Hot", 60)]
        assert definition.matrix is not None
        assert [b.label for b in definition.matrix.engagement] == ["1", "2"]
        assert definition.audience.exclude == ("hubspot:9",)
        group = definition.groups["G"]
        assert group.decay is not None
        assert (group.decay.per_days, group.decay.percent, group.decay.shape) == (30, 50, "linear")
        assert any("day by day" in note.what and note.carried is Carried.CHANGED for note in found.notes)

    def test_what_is_switched_off_or_unknown_is_listed(self) -> None:
        found = import_score(
            score(
                rule({"type": "CONSTANT", "value": 5}, enabled=False),
                rule({"type": "BRAND_NEW"}),
                rule(conditional(1, createdate=text("CONTAINS", "2024"))),
                rule({"type": "CONSTANT", "value": 5}),
            )
        )
        left = [(n.where[-6:], n.what) for n in found.notes]
        assert [where for where, _ in left] == ["rule 1", "rule 2", "rule 3"]
        assert "switched off" in left[0][1]
        assert "does not take this test" in left[2][1]

    @pytest.mark.parametrize(
        "document",
        ["{", "[]", '{"name": "x"}', json.dumps(score(rule({"type": "CONSTANT"}))), json.dumps(score())],
    )
    def test_what_is_no_lead_score_is_refused_in_a_sentence(self, document: str) -> None:
        with pytest.raises(DefinitionError):
            import_score(document)

    def test_a_score_of_tickets_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="contacts, companies or deals"):
            import_score({**score(), "objectTypeId": "0-5"})

    def test_imported_points_are_what_hubspot_documents(self, runner: DuckdbRunner) -> None:
        """10 points with 50 % a month are 5 after one month and 0 after two."""
        group = {"groupDecay": {"decayIntervalDays": 30, "percentToDecayPerInterval": 50}}
        definition = import_score(score(rule(events("4-1639801", 10)), category="INTENT", group=group)).definition
        forms = [
            {
                "id": "i",
                "contact_id": "a",
                "type": "form_submit",
                "occurred_at": at(2024, 3, 1),
                "recorded_at": at(2024, 3, 1),
            }
        ]
        person = {"id": "a", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)}
        snap = snapshot(runner, contacts=[person], interactions=forms)

        def value(*day: int) -> Decimal:
            rows = runner.to_arrow(PointsKind().score(definition, as_known(snap, at(*day)), runner=runner))
            found: Decimal = rows["value"][0].as_py()
            return found

        assert [value(2024, 3, 1), value(2024, 3, 31), value(2024, 4, 30)] == [10, 5, 0]


class TestExport:
    def test_every_template_goes_out_and_what_does_not_is_named(self) -> None:
        for key, template in templates().items():
            definition = parse_definition(template.document)
            if not isinstance(definition, PointsDefinition):
                continue
            found = export_score(definition)
            left = [n.where for n in found.notes if n.carried is Carried.LEFT_OUT and n.where.startswith("criterion")]
            rules = [rule for group in found.document["groupConfigs"] for rule in group["ruleConfigurations"]]
            assert len(rules) + len(left) == len(list(definition.criteria)), key
            json.dumps(found.document)

    def test_values_of_a_number_go_out_as_numbers(self) -> None:
        definition = definition_of(
            {
                "name": "s",
                "subject": "account",
                "kind": "points",
                "range": [-100, 100],
                "groups": {
                    "g": {
                        "type": "fit",
                        "criteria": [{"name": "size", "points": {"value": "account.employees", "map": {"50": 5}}}],
                    }
                },
            }
        )
        assert isinstance(definition, PointsDefinition)
        document = export_score(definition).document
        (rule_out,) = document["groupConfigs"][0]["ruleConfigurations"]
        operation = rule_out["configuration"]["calculation"]["matchRules"][0]["operation"]
        assert (operation["operationType"], operation["value"]) == ("NUMBER", 50)
        assert import_score(document, name="s").definition.groups == definition.groups | {
            "g": definition.groups["g"].model_copy(
                update={
                    "criteria": (definition.groups["g"].criteria[0].model_copy(update={"name": "account employees"}),)
                }
            )
        }

    def test_a_half_life_goes_out_as_linear_decay_and_says_so(self) -> None:
        definition = parse_definition(
            """
            name: s
            subject: contact
            kind: points
            range: [-100, 100]
            groups:
              e:
                type: engagement
                decay: {half_life_days: 30}
                criteria:
                  - {name: mail, points: 3, per: {event: email_open}, at_most: {times: 2, per_days: 7}}
                  - {name: head, points: 5, when: {field: contact.title, matches: "^Head"}}
            """
        )
        assert isinstance(definition, PointsDefinition)
        found = export_score(definition)
        assert found.document["groupConfigs"][0]["groupDecay"] == {
            "decayIntervalDays": 30,
            "percentToDecayPerInterval": 50,
        }
        assert [(n.carried, n.where) for n in found.notes] == [
            (Carried.CHANGED, "group 'e'"),
            (Carried.CHANGED, "criterion 'mail'"),
            (Carried.LEFT_OUT, "criterion 'head'"),
        ]


def test_an_imported_definition_is_written_as_yaml_and_read_back() -> None:
    definition = import_score(score(rule(conditional(10, jobtitle=text("STARTS_WITH", "08"))))).definition
    assert parse_definition(definition_yaml(definition)) == definition
