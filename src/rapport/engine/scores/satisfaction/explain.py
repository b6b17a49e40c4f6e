"""Why a satisfaction score is what it is: the answers behind it, or each measure with what it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.words import condition_words, event_words, field_words, value_words
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.exact import shares
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.satisfaction.answers import answers
from rapport.engine.scores.satisfaction.measures import Measures, read
from rapport.engine.scores.satisfaction.spec import Measure, SatisfactionDefinition, Survey
from rapport.engine.scores.satisfaction.survey import survey_rows
from rapport.engine.scores.satisfaction.weighing import weighed
from rapport.engine.scores.subject_rows import asked_for

NEWEST = 5  # answers told in full
Row = Mapping[str, Any]


def explain_survey(
    definition: SatisfactionDefinition, view: AsOf, *, subject_ids: Sequence[str], runner: Runner
) -> dict[str, Explanation]:
    """The answers behind each subject's value."""
    survey = definition.survey
    assert survey is not None
    subjects = asked_for(subject_ids, runner)
    rows = runner.to_arrow(survey_rows(definition, view, runner=runner, subjects=subjects)).to_pylist()
    newest = _newest(definition, survey, view, [r["subject_id"] for r in rows if r["micro"] is not None], runner)
    told = {}
    for row in rows:
        if row["micro"] is None:
            told[row["subject_id"]] = Explanation(value=None, reason_null=row["reason_null"])
            continue
        lines = tuple(_answer_lines(survey, row, newest.get(row["subject_id"], [])))
        told[row["subject_id"]] = Explanation(value=_decimal(row["micro"]), lines=lines, facts=_facts(survey, row))
    return told


def _newest(
    definition: SatisfactionDefinition, survey: Survey, view: AsOf, subject_ids: Sequence[str], runner: Runner
) -> dict[str, list[Row]]:
    """The newest answers of each subject, the newest first."""
    if not subject_ids:
        return {}
    zone = definition.time_zone or view.snapshot.time_zone
    told = answers(survey, view, subject=definition.subject, time_zone=zone, needed_by=f"the score {definition.name}")
    told = told.filter(told.subject_id.isin(list(subject_ids))).order_by([told.answered_at.desc(), told.id.desc()])
    found: dict[str, list[Row]] = {}
    for row in runner.to_arrow(told).to_pylist():
        found.setdefault(row["subject_id"], []).append(row)
    return found


def _answer_lines(survey: Survey, row: Row, newest: Sequence[Row]) -> Iterator[Line]:
    n, best, worst = row["answers"], row["best"], row["worst"]
    latest = _told(newest)
    if survey.ask == "ces":
        sentence = f"Mean of {_times(n, 'answer')} from {survey.ends[0]} to {survey.ends[1]}."
        yield Line(name="answers", group="answers", points=_decimal(row["micro"]), sentence=sentence, evidence=latest)
        return
    counts = {"promoters": best, "passives": n - best - worst, "detractors": worst}
    signs = {"promoters": 1, "passives": 0, "detractors": -1}
    if survey.ask == "csat":
        counts, signs = {"satisfied": best, "not satisfied": worst}, {"satisfied": 1, "not satisfied": 0}
    points = shares([100 * MICRO * signs[name] * count for name, count in counts.items()], n)
    for (name, count), given in zip(counts.items(), points, strict=True):
        if count:
            yield Line(
                name=name,
                group="answers",
                points=_decimal(given),
                sentence=f"{count} of {_times(n, 'answer')} {_said(survey, name)}.",
                evidence={"answers": count, **{k: v for k, v in latest.items() if v is not None}},
            )


def _said(survey: Survey, name: str) -> str:
    if survey.ask == "nps":
        return {"promoters": "9 or 10", "passives": "7 or 8", "detractors": "6 or less"}[name]
    return f"{survey.satisfied_from} or more" if name == "satisfied" else f"less than {survey.satisfied_from}"


def _told(newest: Sequence[Row]) -> dict[str, Any]:
    shown = [
        f"{value_words(row['score'])} on {row['answered_at']:%Y-%m-%d}"
        + (f": {row['comment']}" if row["comment"] else "")
        for row in newest[:NEWEST]
    ]
    return {"newest_answers": "; ".join(shown) or None}


def _facts(survey: Survey, row: Row) -> dict[str, Any]:
    facts: dict[str, Any] = {"answers": row["answers"], "scale": f"{survey.ends[0]} to {survey.ends[1]}"}
    if row["low_micro"] is not None:
        low, high = (f"{row[name] / MICRO:.1f}" for name in ("low_micro", "high_micro"))
        facts["90 % interval"] = f"{low} to {high}"
    return facts


def explain_measures(measures: Measures) -> dict[str, Explanation]:
    """What each measure gives, and each exception that changed the value."""
    side = measures.runner.to_arrow(measures.side_by_side)
    values = {row["subject_id"]: row for row in measures.runner.to_arrow(measures.totals).to_pylist()}
    found = weighed(measures.definition, read(side.combine_chunks()))
    told = {}
    for place, row in enumerate(side.to_pylist()):
        value = values[row["subject_id"]]
        if value["micro"] is None:
            told[row["subject_id"]] = Explanation(value=None, reason_null=value["reason_null"])
            continue
        own = {name: int(column[place]) for name, column in found.items()}
        lines = tuple(_measure_lines(measures.definition, row, own))
        told[row["subject_id"]] = Explanation(value=_decimal(value["micro"]), lines=lines)
    return told


def _measure_lines(definition: SatisfactionDefinition, row: Row, own: Mapping[str, int]) -> Iterator[Line]:
    points = shares([own[f"part_{i}"] for i in range(len(definition.measures))], own["whole"])
    for position, (measure, given) in enumerate(zip(definition.measures, points, strict=True)):
        value = row[f"value_{position}"]
        percent = _decimal(own[f"percent_{position}"]) if own[f"counts_{position}"] else None
        yield Line(
            name=measure.name,
            group=measure.group or "",
            points=_decimal(given),
            sentence=_measured(measure, value, percent),
            evidence={
                "measured": None if value is None else _decimal(value),
                "percent": percent,
                "weight": measure.weight,
            },
        )
    for position, exception in enumerate(definition.exceptions):
        if change := own[f"except_{position}"]:
            why = condition_words(exception.when) if exception.when else f"because of {exception.measure}"
            yield Line(
                name=exception.name,
                group="exceptions",
                points=_decimal(change),
                sentence=f"{exception.name[:1].upper()}{exception.name[1:]}: {why}.",
                kind="limit",
            )


def _measured(measure: Measure, value: int | None, percent: Decimal | None) -> str:
    if value is None:
        effect = "left out" if percent is None else f"counted as {value_words(percent)} %"
        return f"{measure.name[:1].upper()}{measure.name[1:]} is unknown: {effect}."
    told, number = "", value_words(_decimal(value))
    if measure.count is not None:
        span = f" in {measure.count.within_days} days" if measure.count.within_days else ""
        told = f"{number} × {event_words(measure.count)}{span}"
    elif measure.days_since is not None:
        told = f"Last {event_words(measure.days_since)} {number} days ago"
    elif measure.field is not None:
        told = f"{field_words(measure.field)[:1].upper()}{field_words(measure.field)[1:]} is {number}"
    elif measure.answer is not None:
        told = f"{measure.answer.ask.upper()} {number}"
    else:
        told = f"{measure.name[:1].upper()}{measure.name[1:]}: {number}"
    return f"{told}, which gives {value_words(percent)} %."


def _times(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _decimal(whole: int) -> Decimal:
    return (Decimal(int(whole)) / MICRO).quantize(Decimal("0.000001"))
