"""Each form of criterion on a few rows whose answer can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.kinds import KINDS

AS_OF = at(2024, 6, 12, 12)  # a Wednesday
OLD = at(2023, 1, 1)
Rows = Sequence[Mapping[str, Any]]


def explained(
    runner: DuckdbRunner, criteria: str, *, group: str = "", top: str = "", zone: str = "UTC", **tables: Rows
) -> Explanation:
    """The score of contact c1 with its lines, and the same value without them."""
    tables = {"contacts": [{"id": "c1", "created_at": OLD}], **tables}
    indented = "\n".join(f"      {line}" for line in criteria.strip("\n").splitlines())
    text = (
        f"name: s\nsubject: contact\nkind: points\nrange: [-1000, 1000]\n{top}\ngroups:\n  g:\n    type: engagement\n"
    )
    text += f"{group}    criteria:\n{indented}\n"
    definition, view = parse_definition(text), as_known(snapshot(runner, time_zone=zone, **tables), AS_OF)
    told = KINDS["points"].explain(definition, view, subject_ids=["c1"], runner=runner)["c1"]
    scored = runner.to_arrow(KINDS["points"].score(definition, view, runner=runner)).to_pylist()
    assert [row["value"] for row in scored if row["subject_id"] == "c1"] == [told.value]
    return told


def points(told: Explanation) -> dict[str, Decimal]:
    return {line.name: line.points for line in told.lines}


def event(days: float, kind: str = "page_view", **more: Any) -> dict[str, Any]:
    """An interaction of c1, some days before the instant."""
    when = AS_OF - timedelta(days=days)
    return {"id": f"{kind}-{days}", "contact_id": "c1", "type": kind, "occurred_at": when, "recorded_at": when, **more}


def test_each_occurrence_decays_by_its_own_age(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: page, points: 8, per: {event: page_view}}",
        group="    decay: {half_life_days: 30}\n",
        interactions=[event(0), event(30), event(60), event(60.1), event(1, "call")],
    )
    assert told.value == Decimal(8 + 4 + 2 + 2)


def test_within_days_is_today_and_the_days_before(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: page, points: 1, per: {event: page_view, within_days: 30}}",
        interactions=[event(29.5), event(29.6), event(0.4)],  # just on day 29, just on day 30, today
    )
    assert told.value == 2


def test_at_most_counts_the_earliest_days_of_an_iso_week_first(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: p, points: 8, per: {event: page_view}, at_most: {times: 2, per_days: 7}, decay: {half_life_days: 1}}",
        interactions=[event(0, id="today"), event(1), event(2), event(3)],  # Wed, Tue, Mon; Sunday is another week
    )
    assert told.value == Decimal(4 + 2 + 1)  # Tuesday and Monday, and Sunday; today is the third of its week
    assert (told.lines[0].evidence["count"], told.lines[0].evidence["counted"]) == (4, 3)


def test_a_late_earlier_event_displaces_a_later_one(runner: DuckdbRunner) -> None:
    criterion = (
        "- {name: p, points: 8, per: {event: page_view}, at_most: {times: 1, per_days: 30}, decay: {half_life_days: 1}}"
    )
    before = explained(runner, criterion, interactions=[event(1)])
    after = explained(runner, criterion, interactions=[event(1), event(3)])
    assert (before.value, after.value) == (Decimal(4), Decimal(1))


def test_other_windows_are_whole_spans_since_1970(runner: DuckdbRunner) -> None:
    # 2024-06-12 is day 19886 = 1988 x 10 + 6: the window of ten days began six days ago
    told = explained(
        runner,
        "- {name: page, points: 1, per: {event: page_view}, at_most: {times: 1, per_days: 10}}",
        interactions=[event(0), event(6), event(7), event(16)],
    )
    assert told.value == 2


def test_once_decays_by_the_age_of_the_latest(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: demo, points: 30, once: {event: form_submit, where: {field: form, is: DEMO}, within_days: 90}}",
        group="    decay: {half_life_days: 30}\n",
        interactions=[
            event(60, "form_submit", properties='{"form":"demo"}'),
            event(80, "form_submit", properties='{"form":"demo"}'),
            event(1, "form_submit", properties='{"form":"other"}'),
        ],
    )
    assert told.value == Decimal("7.5")
    assert told.lines[0].sentence == "Form submit (form is DEMO), latest 60 days ago."


def test_counts_fall_into_ranges_and_outside_all_give_nothing(runner: DuckdbRunner) -> None:
    text = """
- {name: pages, points: {count: {event: page_view, within_days: 30}, ranges: [[1, 2, 2], [3, 9, 5], [10, null, 8]]}}
- {name: calls, points: {count: {event: call}, ranges: [[0, 0, -1], [2, 3, 4]]}}
- {name: chats, points: {count: {event: chat}, ranges: [[0, 0, -1], [2, 3, 4]]}}
"""
    told = explained(runner, text, interactions=[event(1), event(2), event(29), event(40), event(1, "call")])
    assert points(told) == {"pages": Decimal(5), "calls": Decimal(0), "chats": Decimal(-1)}


def test_a_mapped_value_has_points_for_known_others_and_none_for_unknown(runner: DuckdbRunner) -> None:
    text = "- {name: sector, points: {value: account.industry, map: {Software: 15}, otherwise: -2}}"
    found = [
        explained(
            runner,
            text,
            contacts=[{"id": "c1", "account_id": "a1", "created_at": OLD}],
            accounts=[{"id": "a1", "industry": industry, "created_at": OLD}],
        )
        for industry in ("SOFTWARE", "retail", None)
    ]
    assert [told.value for told in found] == [Decimal(15), Decimal(-2), Decimal(0)]
    assert found[2].lines[0].evidence == {"field": "account.industry", "value": "unknown"}
    assert found[0].lines[0].sentence == "Account industry is SOFTWARE."


def test_not_of_unknown_does_not_fire(runner: DuckdbRunner) -> None:
    text = """
- {name: plain, points: 1, when: {field: contact.title, is: boss}}
- {name: negated, points: 1, when: {not: {field: contact.title, is: boss}}}
- {name: absent, points: 1, when: {field: contact.title, present: false}}
"""
    assert points(explained(runner, text)) == {"plain": 0, "negated": 0, "absent": 1}


def test_quiet_is_unknown_while_a_contact_is_young(runner: DuckdbRunner) -> None:
    text = """
- {name: quiet, points: -15, when: {no: {event: any, within_days: 60}}}
- {name: not quiet, points: 1, when: {not: {no: {event: any, within_days: 60}}}}
"""

    def told(created: Any, *interactions: dict[str, Any]) -> dict[str, Decimal]:
        people = [{"id": "c1", "created_at": created, "recorded_at": OLD}]
        return points(explained(runner, text, contacts=people, interactions=interactions))

    assert told(AS_OF - timedelta(days=60)) == {"quiet": -15, "not quiet": 0}
    assert told(AS_OF - timedelta(days=59)) == {"quiet": 0, "not quiet": 0}
    assert told(None) == {"quiet": 0, "not quiet": 0}
    assert told(OLD, event(59, "email_sent", direction="outbound")) == {"quiet": -15, "not quiet": 0}
    assert told(OLD, event(59)) == {"quiet": 0, "not quiet": 1}


def test_every_limit_that_binds_is_a_line_of_its_own(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        """
- {name: page, points: 10, per: {event: page_view}, limit: {max: 25}}
- {name: call, points: 30, per: {event: call}}
""",
        group="    limit: {max: 50}\n",
        top="limits: {engagement: {max: 45}, total: {max: 40.5}}",
        interactions=[event(1), event(2), event(3), event(1, "call")],
    )
    assert [(line.name, line.points, line.kind) for line in told.lines] == [
        ("page", Decimal(30), "criterion"),
        ("limit of page", Decimal(-5), "limit"),
        ("call", Decimal(30), "criterion"),
        ("limit of g", Decimal(-5), "limit"),
        ("limit of engagement", Decimal(-5), "limit"),
        ("limit of total", Decimal("-4.5"), "limit"),
    ]
    assert told.value == Decimal("40.5")
    assert told.lines[1].sentence == "Page gives at most 25."


def test_the_range_lifts_what_lies_below_it(runner: DuckdbRunner) -> None:
    told = explained(runner, "- {name: page, points: -999, per: {event: page_view}}", interactions=[event(1), event(2)])
    assert [(line.name, line.points) for line in told.lines] == [("page", Decimal(-1998)), ("range", Decimal(998))]


def test_machine_made_interactions_do_not_score(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: click, points: 2, per: {event: email_click}}",
        interactions=[event(1, "email_click", id="bot"), event(2, "email_click", id="human")],
        interaction_flags=[{"id": "f", "interaction_id": "bot", "flag": "bot", "value": True, "recorded_at": AS_OF}],
    )
    assert told.value == 2


def test_what_came_later_the_same_day_is_not_known(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: page, points: 1, per: {event: page_view}}",
        interactions=[event(-0.1), event(0.1), event(3, recorded_at=AS_OF + timedelta(hours=1))],
    )
    assert told.value == 1


def test_days_are_those_of_the_time_zone(runner: DuckdbRunner) -> None:
    criterion = "- {name: page, points: 8, per: {event: page_view}, decay: {half_life_days: 1}}"
    late = [event(0.55)]  # 22:48 UTC the evening before: already the same day in Kathmandu
    assert explained(runner, criterion, interactions=late).value == 4
    assert explained(runner, criterion, zone="Asia/Kathmandu", interactions=late).value == 8


def test_without_an_interaction_the_evidence_is_none(runner: DuckdbRunner) -> None:
    told = explained(runner, "- {name: page, points: 1, per: {event: page_view}}", interactions=[])
    assert (told.value, told.lines[0].evidence["evidence"]) == (0, "none")


def test_an_audience_leaves_others_without_a_value_and_says_why(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: page, points: 1, per: {event: page_view}}",
        top="audience: {include: [leads], exclude: [partners]}",
        interactions=[event(1)],
        segment_memberships=[
            {"id": "m", "segment": "leads", "subject": "contact", "subject_id": "c2", "entered_at": OLD}
        ],
    )
    assert (told.value, told.lines, told.reason_null) == (None, (), "not in the audience")


def test_a_missing_table_leaves_no_value_and_a_missing_column_only_its_criterion(runner: DuckdbRunner) -> None:
    told = explained(runner, "- {name: page, points: 1, per: {event: page_view}}")
    assert (told.value, told.reason_null) == (None, "interactions not mapped")


def test_merged_contacts_share_what_they_did(runner: DuckdbRunner) -> None:
    told = explained(
        runner,
        "- {name: page, points: 1, per: {event: page_view}}",
        contacts=[{"id": "c1", "created_at": OLD}, {"id": "c9", "created_at": OLD}],
        interactions=[event(1), event(2, contact_id="c9"), event(3, contact_id=None, anonymous_id="anon")],
        identity_links=[
            {"id": "l1", "entity": "contact", "from_id": "c9", "to_id": "c1", "kind": "merge", "recorded_at": OLD},
            {"id": "l2", "entity": "contact", "from_id": "anon", "to_id": "c9", "kind": "identify", "recorded_at": OLD},
        ],
    )
    assert told.value == 3


def test_a_field_has_the_value_that_it_had_then(runner: DuckdbRunner) -> None:
    def title(value: str, days: int) -> dict[str, Any]:
        when = AS_OF - timedelta(days=days)
        row = {"id": f"h{days}", "entity": "contact", "entity_id": "c1", "attribute": "title"}
        return {**row, "value": value, "valid_from": when, "recorded_at": when}

    told = explained(
        runner,
        """
- {name: boss, points: 5, when: {field: contact.title, is: boss}}
- {name: title, points: {value: contact.title, map: {boss: 2, clerk: 1}}}
""",
        contacts=[{"id": "c1", "title": "king", "created_at": OLD}],
        attribute_history=[title("clerk", 30), title("Boss", 10), title("king", -1)],
    )
    assert points(told) == {"boss": 5, "title": 2}
    assert told.lines[0].sentence == "Title Boss."


def test_a_subject_that_begins_anew_has_only_what_came_after(runner: DuckdbRunner) -> None:
    text = """
- {name: page, points: 1, per: {event: page_view}}
- {name: met, points: 10, once: {event: meeting}}
- {name: pages, points: {count: {event: page_view}, ranges: [[2, null, 100]]}}
- {name: quiet, points: -5, when: {no: {event: call, within_days: 20}}}
- {name: never called, points: -7, when: {no: {event: call}}}
"""
    happened = [event(30), event(11), event(9), event(8), event(40, "meeting"), event(15, "call")]
    lost = [event(50, "note", outcome="lost"), event(10, "note", outcome="lost"), event(5, "note", outcome="won")]
    restart = "restart: {event: note, where: {field: outcome, is: lost}}"
    told = explained(runner, text, top=restart, interactions=[*happened, *lost])
    # the loss 10 days ago leaves the pages of 9 and 8 days ago; for 20 days nobody is quiet yet
    assert points(told) == {"page": 2, "met": 0, "pages": 100, "quiet": 0, "never called": -7}
    assert told.lines[0].evidence["count"] == 2


def test_who_never_began_anew_is_scored_as_before(runner: DuckdbRunner) -> None:
    text = "- {name: page, points: 1, per: {event: page_view}}"
    told = explained(runner, text, top="restart: {event: deal_lost}", interactions=[event(3)])
    assert told.reason_null == "deals not mapped"
    lost = {
        "id": "d1",
        "contact_id": "other",
        "status": "lost",
        "created_at": OLD,
        "recorded_at": OLD,
        "closed_at": OLD,
    }
    told = explained(runner, text, top="restart: {event: deal_lost}", interactions=[event(3)], deals=[lost])
    assert told.value == 1
