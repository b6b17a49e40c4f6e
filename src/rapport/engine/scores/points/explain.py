"""Reasons for points: one line per criterion with its evidence, one per limit that binds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.grammar import No, walk
from rapport.engine.crm.conditions.subject_conditions import paths_of
from rapport.engine.crm.conditions.words import condition_words, event_words, field_words, value_words
from rapport.engine.crm.narrowed import narrowed
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.points.evidence import Found, Occurrence, counted, event_evidence, occurrences, within
from rapport.engine.scores.points.expression import MISSING, Points
from rapport.engine.scores.points.spec import CountPoints, Criterion, Limit, PointsDefinition, ValuePoints
from rapport.engine.scores.points.totals import ENGAGEMENT, FIT, Step, fired_column, steps

Row = Mapping[str, Any]


def explain(
    definition: PointsDefinition, view: AsOf, *, subject_ids: Sequence[str], runner: Runner
) -> dict[str, Explanation]:
    """The reasons for each subject's score. Subjects that do not stand at the instant are left out."""
    if not subject_ids:
        return {}
    subjects = ibis.memtable(pa.table({"subject_id": pa.array(list(dict.fromkeys(subject_ids)), pa.string())}))
    near = narrowed(view, definition.subject, subject_ids, runner=runner)
    points = Points(definition, near, runner, subjects, detail=True)
    if points.missing:
        reason = f"{', '.join(points.missing)} {MISSING}"
        standing = runner.to_arrow(points.frame.rows.select("subject_id"))["subject_id"].to_pylist()
        return {subject_id: Explanation(value=None, reason_null=reason) for subject_id in standing}
    rows = runner.to_arrow(points.explained_rows()).to_pylist()
    found = occurrences(points)
    columns = points.frame.columns
    return {row["subject_id"]: _explanation(points, row, found, columns) for row in rows}


def _explanation(points: Points, row: Row, found: Found, columns: Mapping[str, str]) -> Explanation:
    if row["_reason"] is not None:
        return Explanation(value=None, reason_null=row["_reason"])
    fields = {path: row[column] for path, column in columns.items()}
    reader = _Reader(points, row, found.get(row["subject_id"], {}), fields)
    return Explanation(value=_points(row["micro"]), lines=tuple(reader.lines()))


@dataclass(frozen=True)
class _Reader:
    """One subject's row as lines."""

    points: Points
    row: Row
    found: Mapping[str, Sequence[Occurrence]]
    fields: Mapping[str, Any]

    def lines(self) -> Iterator[Line]:
        definition = self.points.definition
        criteria, sums = steps(definition, self.points.plan)
        for step, (group, criterion) in zip(criteria, definition.criteria, strict=True):
            given = self.row[step.name] - self._change(step)
            sentence, evidence = self._reason(criterion, int(step.name[1:]))
            yield Line(name=criterion.name, group=group, points=_points(given), sentence=sentence, evidence=evidence)
            yield from self._limit(step, f"limit of {criterion.name}", group, criterion.name)
        for step, name in zip(sums, (*definition.groups, FIT, ENGAGEMENT, "total", "range"), strict=True):
            group = name if name in definition.groups and step.name not in (FIT, ENGAGEMENT) else ""
            yield from self._limit(step, f"limit of {name}" if name != "range" else "range", group, name)

    def _change(self, step: Step) -> int:
        change: int = self.row.get(step.limited) or 0
        return change

    def _limit(self, step: Step, name: str, group: str, of: str) -> Iterator[Line]:
        change = self._change(step)
        if change and step.limit is not None:
            sentence = f"{of[:1].upper()}{of[1:]} {_limit_words(step.limit, change)}."
            evidence = {"limit": of, "min": _text(step.limit.min), "max": _text(step.limit.max)}
            yield Line(
                name=name, group=group, points=_points(change), sentence=sentence, evidence=evidence, kind="limit"
            )

    def _reason(self, criterion: Criterion, position: int) -> tuple[str, dict[str, Any]]:
        sentence, evidence = self._main_reason(criterion)
        if criterion.when is None:
            return sentence, evidence
        fired = bool(self.row[fired_column(position)])
        condition, more = self._condition(criterion, fired)
        return (f"{sentence} {condition}" if sentence else condition), {**evidence, **more}

    def _main_reason(self, criterion: Criterion) -> tuple[str, dict[str, Any]]:
        if isinstance(criterion.points, ValuePoints):
            value = self.fields[criterion.points.value]
            evidence = {"field": criterion.points.value, "value": value_words(value)}
            return f"{_capital(field_words(criterion.points.value))} is {value_words(value)}.", evidence
        match = criterion.event
        if match is None:
            return "", {}
        ones = within(match, self.found)
        number = counted(ones, criterion.at_most, as_of=self.points.view.at, time_zone=self.points.time_zone)
        return self._event_sentence(criterion, ones, number), event_evidence(match, ones, number)

    def _event_sentence(self, criterion: Criterion, ones: Sequence[Occurrence], number: int) -> str:
        match = criterion.event
        assert match is not None
        span = f" in {match.within_days} days" if match.within_days else ""
        if not ones:
            return f"No {event_words(match)}{span}."
        latest = _ago(ones[0].age)
        if criterion.once is not None:
            return f"{_capital(event_words(match))}, latest {latest}."
        limit = f", {number} of them count" if number < len(ones) else ""
        when = "" if isinstance(criterion.points, CountPoints) else f", latest {latest}"
        return f"{len(ones)} × {event_words(match)}{span}{limit}{when}."

    def _condition(self, criterion: Criterion, fired: bool) -> tuple[str, dict[str, Any]]:
        assert criterion.when is not None
        fields = {path: value_words(self.fields[path]) for path in dict.fromkeys(paths_of([criterion.when]))}
        evidence: dict[str, Any] = {"true": fired, "fields": fields}
        last = {}
        for part in walk(criterion.when):
            if isinstance(part, No):
                ones = within(part.no.model_copy(update={"within_days": None}), self.found)
                last[event_words(part.no)] = ones[0].occurred_at.isoformat() if ones else "none"
        if last:
            evidence["last"] = last
        evidence["condition"] = condition_words(criterion.when)
        known = ", ".join(f"{field_words(path)} {value}" for path, value in fields.items())
        happened = ", ".join(f"last {event} {_day(when)}" for event, when in last.items())
        facts = "; ".join(part for part in (known, happened) if part) or evidence["condition"]
        return (f"{_capital(facts)}." if fired else f"{_capital(facts)}: not met."), evidence


def _day(instant: str) -> str:
    return "never" if instant == "none" else f"on {instant[:10]}"


def _points(whole: int) -> Decimal:
    return (Decimal(whole) / MICRO).quantize(Decimal("0.000001"))


def _text(points: Decimal | None) -> str | None:
    return None if points is None else value_words(points)


def _limit_words(limit: Limit, change: int) -> str:
    return f"gives at most {_text(limit.max)}" if change < 0 else f"gives at least {_text(limit.min)}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _ago(age: int) -> str:
    return {0: "today", 1: "yesterday"}.get(age, f"{age} days ago")
