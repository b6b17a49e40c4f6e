"""Import, export, import gives the same definition, for every score that HubSpot's schema allows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.definition_writing import definition_yaml
from rapport.engine.scores.points.hubspot import export_score, import_score
from rapport.engine.scores.points.hubspot.exchanged import Carried

_points = st.integers(-1000, 1000) | st.integers(-1000, 1000).map(lambda n: n / 4)
_words = st.text(alphabet="abcdeéß 08", min_size=1, max_size=5)
_texts = st.lists(_words, min_size=1, max_size=3, unique_by=str.casefold)
_missing = st.booleans()
_properties = st.sampled_from(["jobtitle", "email", "country", "shoe_size", "lifecyclestage", "hs_seniority"])


def _operation(kind: str, operators: list[str], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "operationType": st.just(kind),
            "operator": st.sampled_from(operators),
            "includeObjectsWithNoValueSet": _missing,
            **more,
        }
    )


_bounds = st.tuples(st.integers(-50, 50), st.integers(0, 50)).map(lambda b: {"low": b[0], "high": b[0] + b[1]})
_operations = st.one_of(
    _operation(
        "MULTISTRING",
        ["IS_EQUAL_TO", "IS_NOT_EQUAL_TO", "CONTAINS", "DOES_NOT_CONTAIN", "STARTS_WITH", "ENDS_WITH"],
        values=_texts,
    ),
    _operation("ENUMERATION", ["IS_ANY_OF", "IS_NONE_OF", "IS_EXACTLY"], values=_texts),
    _operation("STRING", ["IS_EQUAL_TO", "CONTAINS"], value=_words),
    _operation(
        "NUMBER", ["IS_EQUAL_TO", "IS_NOT_EQUAL_TO", "IS_GREATER_THAN", "IS_LESS_THAN_OR_EQUAL_TO"], value=_points
    ),
    _bounds.flatmap(
        lambda b: _operation(
            "NUMBER_RANGED",
            ["IS_BETWEEN", "IS_NOT_BETWEEN"],
            lowerBound=st.just(b["low"]),
            upperBound=st.just(b["high"]),
        )
    ),
    _operation("ALL_PROPERTY", ["IS_KNOWN", "IS_UNKNOWN"]),
    _operation("BOOL", ["IS_EQUAL_TO", "IS_NOT_EQUAL_TO"], value=st.booleans()),
    _operation("CALENDAR_DATE", ["IN_THIS_TIME_UNIT"], timeUnit=st.just("WEEK")),
)
_single = st.fixed_dictionaries({"type": st.just("SINGLE"), "property": _properties, "operation": _operations})
_composite = st.recursive(
    st.lists(_single, min_size=1, max_size=3).map(lambda c: {"type": "COMPOSITE", "operator": "AND", "conditions": c}),
    lambda inner: st.lists(inner | _single, min_size=1, max_size=2).map(
        lambda c: {"type": "COMPOSITE", "operator": "AND", "conditions": c}
    ),
    max_leaves=3,
)
_constant = st.fixed_dictionaries({"type": st.just("CONSTANT"), "value": _points})
_conditional = st.fixed_dictionaries({"type": st.just("CONDITIONAL"), "value": _points, "whereCondition": _composite})
_match = st.fixed_dictionaries(
    {
        "type": st.just("MATCH"),
        "property": _properties,
        "matchRules": st.lists(st.fixed_dictionaries({"operation": _operations, "value": _points}), max_size=3),
    },
    optional={"defaultValue": _points},
)
_segments = st.fixed_dictionaries(
    {
        "type": st.just("SEGMENT_MEMBERSHIP"),
        "segmentMembershipRules": st.lists(
            st.fixed_dictionaries(
                {
                    "operation": st.sampled_from(
                        [
                            "HAS_ALL_SEGMENT_MEMBERSHIP",
                            "HAS_AT_LEAST_ONE_SEGMENT_MEMBERSHIP",
                            "HAS_NO_SEGMENT_MEMBERSHIP",
                        ]
                    ),
                    "segmentIds": st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True),
                    "value": _points,
                }
            ),
            min_size=1,
            max_size=2,
        ),
    }
)
_of_a_record = st.one_of(_constant, _conditional, _match, _segments)
_of_records = _of_a_record | st.lists(_of_a_record, min_size=1, max_size=2).map(
    lambda c: {"type": "MULTI", "calculators": c}
)
_ranges = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), _points), min_size=1, max_size=3).map(
    lambda parts: [
        {"type": "EXACTLY" if width == 0 else "BETWEEN", "from": 10 * i + low, "value": value}
        | ({"to": 10 * i + low + width} if width else {})
        for i, (low, width, value) in enumerate(parts)
    ]
)
_rolling = _operation(
    "ROLLING_DATE_RANGE", ["IS_LESS_THAN_X_DAYS_AGO", "IS_MORE_THAN_X_DAYS_AGO"], numberOfDays=st.integers(1, 90)
)
_entry = st.fixed_dictionaries(
    {"eventTypeId": st.sampled_from(["4-96000", "4-666440", "4-42"]), "recordCalculation": _of_records},
    optional={
        "eventTimeframe": st.fixed_dictionaries({"eventFilterOperation": _rolling}),
        "eventFrequencyCriteria": st.fixed_dictionaries({"type": st.just("BETWEEN"), "ranges": _ranges}),
    },
)
_events = st.fixed_dictionaries(
    {"type": st.just("MULTI_UE"), "eventCalculators": st.lists(_entry, min_size=1, max_size=2)}
)
_associations = st.fixed_dictionaries(
    {
        "type": st.just("ASSOCIATIONS"),
        "associatedObjectTypeId": st.sampled_from(["0-1", "0-2", "0-3", "0-5"]),
        "rollupType": st.sampled_from(["AVG", "MAX", "MIN", "SUM"]),
        "recordCalculation": _of_records,
    },
    optional={
        "associationFilters": st.fixed_dictionaries(
            {
                "propertyFilters": st.lists(
                    st.fixed_dictionaries({"property": st.sampled_from(["pipeline", "odd"]), "operation": _operations}),
                    max_size=2,
                )
            }
        )
    },
)
_association_events = st.fixed_dictionaries(
    {
        "type": st.just("ASSOCIATION_UE"),
        "associatedObjectTypeId": st.sampled_from(["0-1", "0-2"]),
        "rollupType": st.sampled_from(["MAX", "SUM"]),
        "recordCalculation": _events,
    }
)
_rule = st.fixed_dictionaries(
    {
        "enabled": st.sampled_from([True, True, True, False]),
        "configuration": st.one_of(_of_records, _events, _associations, _association_events).map(
            lambda c: {"calculation": c}
        ),
    },
    optional={"minValue": st.integers(-50, 0), "maxValue": st.integers(0, 50)},
)
_group = st.fixed_dictionaries(
    {
        "groupName": _words,
        "groupCategory": st.sampled_from(["FIT", "INTENT"]),
        "ruleConfigurations": st.lists(_rule, min_size=1, max_size=3),
    },
    optional={
        "minValue": st.integers(-50, 0),
        "maxValue": st.integers(0, 50),
        "groupDecay": st.fixed_dictionaries(
            {"decayIntervalDays": st.integers(1, 90), "percentToDecayPerInterval": st.integers(0, 100)}
        ),
    },
)
_labels = st.lists(st.integers(-9, 99), min_size=1, max_size=3, unique=True).map(
    lambda bounds: [{"label": f"L{bound}", "threshold": bound} for bound in bounds]
)
_scores = st.fixed_dictionaries(
    {
        "name": _words,
        "objectTypeId": st.sampled_from(["0-1", "0-2", "0-3"]),
        "allowedGroupTypes": st.just(["FIT", "INTENT"]),
        "groupConfigs": st.lists(_group, min_size=1, max_size=3),
    },
    optional={
        "maxScore": st.sampled_from([100, 500]),
        "maxScorePerCategory": st.sampled_from([50, 100]),
        "filterConfiguration": st.fixed_dictionaries(
            {"listFilterType": st.sampled_from(["INCLUDES", "EXCLUDES"]), "segmentIds": st.just([3, 8])}
        ),
        "outputConfiguration": st.tuples(_labels, _labels, _labels).map(
            lambda t: {
                "outputs": [
                    {"id": "t", "outputType": "THRESHOLD", "boundaries": t[0]},
                    {"id": "m", "outputType": "MATRIX", "boundaries": {"FIT": t[1], "INTENT": t[2]}},
                ]
            }
        ),
    },
)


@settings(max_examples=50, deadline=None)
@given(_scores)
def test_import_export_import_is_stable(document: dict[str, Any]) -> None:
    try:
        first = import_score(json.dumps(document))
    except DefinitionError as refused:
        assert "No rule" in refused.what  # noqa: PT017 (the only reason that a well-formed score may be refused)
        return
    out = export_score(first.definition)
    lost = [n.what for n in out.notes if n.where.startswith("criterion")]
    assert all("no opposite" in what for what in lost)  # the default of a MATCH over tests that HubSpot cannot turn
    if lost:
        return
    again = import_score(json.dumps(out.document), name=first.definition.name)
    both_types = {group.type for group in first.definition.groups.values()} == {"fit", "engagement"}
    # a score of one type has no matrix in HubSpot, and a limit for the other type says nothing
    ignored = set() if both_types else {"matrix", "limits"}
    assert again.definition.model_dump(exclude=ignored) == first.definition.model_dump(exclude=ignored)
    assert parse_definition(definition_yaml(first.definition)) == first.definition


@settings(max_examples=40, deadline=None)
@given(_scores)
def test_every_rule_gives_a_criterion_or_a_note(document: dict[str, Any]) -> None:
    try:
        found = import_score(document)
    except DefinitionError:
        return
    noted = {note.where for note in found.notes if note.carried is Carried.LEFT_OUT}
    criteria = len(list(found.definition.criteria))
    rules = sum(len(group["ruleConfigurations"]) for group in document["groupConfigs"])
    silent = rules - sum("rule" in where for where in noted)
    empty = sum(_says_nothing(r) for group in document["groupConfigs"] for r in group["ruleConfigurations"])
    assert criteria >= silent - empty


def _says_nothing(rule: dict[str, Any]) -> bool:
    """A list of values without any and without a default gives no points in HubSpot either."""
    text = json.dumps(rule)
    return '"matchRules": []' in text
