"""What the drawn company's service does: messages in cases, calls with legs, promises, surveys of every scale."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

Row = Mapping[str, object]
_CASES = 80
_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def with_service(tables: Mapping[str, Sequence[Row]], seed: int) -> dict[str, list[Row]]:
    """The company with what its service did; every row of before stays, and its cases get a status."""
    draw = random.Random(seed + 7)
    cases = [{**case, "status": draw.choice(["open", "pending", "solved"])} for case in tables["cases"]]
    more: dict[str, list[Row]] = {
        "case_events": [event for case in cases for event in _messages(draw, case)],
        "sla_targets": [_promise(draw, i, case) for i, case in enumerate(cases)],
        "interactions": [leg for i in range(90) for leg in _call(draw, i)],
        "survey_answers": [_answer(draw, i) for i in range(90)],
    }
    kept = {**tables, "cases": cases}
    return {name: [*kept.get(name, ()), *more.get(name, ())] for name in {**kept, **more}}


def _messages(draw: random.Random, case: Row) -> list[Row]:
    """Some cases without any, some opened by an agent, one reply or several, an automatic one, an assignment."""
    opened = case["opened_at"]
    assert isinstance(opened, datetime)
    if draw.random() < 0.2:
        return []
    told = [_event(case, "opened", opened, draw.choice([case["contact_id"], "u1"]), is_public=True)]
    if draw.random() < 0.4:
        told.append(_event(case, "reply_by_agent", opened, None, is_public=True, is_automatic=True))
    at = opened
    for _ in range(draw.randrange(4)):
        at += timedelta(minutes=draw.randrange(1, 3000))
        who = draw.choice([("reply_by_agent", "u1"), ("reply_by_agent", "u2"), ("reply_by_customer", None)])
        told.append(_event(case, who[0], at, who[1], is_public=draw.choice([None, True, True, False])))
    if draw.random() < 0.5:
        told.append(_event(case, "assigned", at, draw.choice(["u1", None])))
    if isinstance(case["solved_at"], datetime):
        told.append(_event(case, "solved", case["solved_at"], draw.choice(["u1", "u2", case["contact_id"]])))
    return told


def _event(case: Row, type_: str, at: datetime, author: object, **more: object) -> Row:
    return {"case_id": case["id"], "type": type_, "occurred_at": at, "author_id": author, **more}


def _promise(draw: random.Random, i: int, case: Row) -> Row:
    at = case["opened_at"]
    assert isinstance(at, datetime)
    met = draw.choice([None, at + timedelta(hours=draw.randrange(1, 90))])
    return {
        "id": f"promise{i}",
        "case_id": case["id"],
        "metric": draw.choice(["first_response", "resolution"]),
        "applied_at": at,
        "due_at": draw.choice([None, at + timedelta(hours=24), at + timedelta(hours=48)]),
        "met_at": met,
        "breached_at": None if met else draw.choice([None, at + timedelta(hours=60)]),
        "policy": draw.choice(["gold", "silver", None]),
    }


def _call(draw: random.Random, i: int) -> list[Row]:
    """One leg or two, by phone or chat; left in the queue, ended in the menu, answered with or without work after."""
    at = _YEAR + timedelta(seconds=draw.randrange(366 * 86_400))
    outcome = draw.choice(["answered", "answered", "answered", "abandoned", "ivr", "callback", None])
    kind = draw.choice(["call", "call", "chat"])
    first = _leg(draw, f"call{i}", at, outcome, kind)
    if draw.random() < 0.25:
        passed_on = {**first, "outcome": "overflow", "duration_s": None}
        return [passed_on, _leg(draw, f"call{i}b", at + timedelta(seconds=90), outcome, kind, session=f"call{i}")]
    return [first]


def _leg(draw: random.Random, name: str, at: datetime, outcome: str | None, kind: str, session: str = "") -> Row:
    talked = outcome in ("answered", None)
    return {
        "id": name,
        "session_id": session or name,
        "contact_id": f"p{draw.randrange(30)}",
        "type": kind,
        "channel": "phone" if kind == "call" else "chat",
        "direction": draw.choice(["inbound", "inbound", "outbound", None]),
        "occurred_at": at,
        "outcome": outcome,
        "queue": draw.choice(["support", "billing"]),
        "owner_id": draw.choice(["u1", "u2"]) if talked else None,
        "duration_s": draw.randrange(20, 900) if talked else None,
        "hold_s": draw.choice([None, 0, 30]) if talked else None,
        "after_call_s": draw.choice([None, 0, 45]) if talked else None,
        "wait_s": draw.choice([None, 3, 9, 10, 60, 300]),
        "case_id": draw.choice([None, None, f"k{draw.randrange(_CASES)}"]),
    }


def _answer(draw: random.Random, i: int) -> Row:
    kind, low, high = draw.choice([("csat", 0, 1), ("csat", 1, 10), ("ces", 1, 7), ("ces", 1, 5)])
    at = _YEAR + timedelta(seconds=draw.randrange(366 * 86_400))
    return {
        "id": f"asked{i}",
        "kind": kind,
        "survey": f"{kind} of {high}",
        "score": draw.choice([None, *range(low, high + 1)]),
        "scale_min": low,
        "scale_max": high,
        "contact_id": draw.choice([None, f"p{draw.randrange(30)}"]),
        "case_id": draw.choice([None, f"k{draw.randrange(_CASES)}"]),
        "asked_at": at - timedelta(hours=draw.randrange(48)),
        "answered_at": at,
    }
