"""Why a combined score is what it is: a line for each score that counts, with that score's own lines inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rapport.engine.crm.conditions.words import condition_words, value_words
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.combined.expression import Combined
from rapport.engine.scores.combined.spec import WEIGHT_PLACES, Part
from rapport.engine.scores.combined.totals import labels
from rapport.engine.scores.exact import scaled, shares
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.overrides import ScoreOverride
from rapport.engine.scores.parts import part_of

Row = Mapping[str, Any]


def explain(combined: Combined) -> dict[str, Explanation]:
    """The explanation of each subject asked for."""
    found = {row["subject_id"]: row for row in combined.runner.to_arrow(combined.rows()).to_pylist()}
    side = {row["subject_id"]: row for row in combined.runner.to_arrow(combined.side_by_side).to_pylist()}
    totals = {row["subject_id"]: row for row in combined.runner.to_arrow(combined.totals).to_pylist()}
    inner = {name: _inner(combined, name, list(side.values())) for name in combined.definition.used}
    told = {}
    for subject, row in found.items():
        if row["micro"] is None:
            told[subject] = Explanation(value=None, reason_null=row["reason_null"])
            continue
        reasons = _Reasons(combined, side[subject], totals[subject], inner)
        told[subject] = Explanation(value=_decimal(row["micro"]), lines=tuple(reasons.lines()))
    return told


@dataclass(frozen=True)
class _Reasons:
    """One subject. Attributes: side and totals, as `Combined` gives them; inner, explanations by score and subject."""

    combined: Combined
    side: Row
    totals: Row
    inner: Mapping[str, Mapping[str, Explanation]]

    def lines(self) -> Iterator[Line]:
        definition = self.combined.definition
        yield from (self._cell() if definition.how == "table" else self._parts())
        for position, exception in enumerate(definition.exceptions):
            if self.totals[f"except_{position}"]:
                yield self._exception(exception, self.totals[f"except_{position}"])
        if change := self.totals["range_limited"]:
            ends = definition.range
            bound = f"at most {value_words(ends.max)}" if change < 0 else f"at least {value_words(ends.min)}"
            yield Line(name="range", group="", points=_decimal(change), sentence=f"The score is {bound}.", kind="limit")

    def _parts(self) -> Iterator[Line]:
        definition = self.combined.definition
        given = self._given()
        for position, (part, points) in enumerate(zip(definition.parts, given, strict=True)):
            limited = self.totals.get(f"part_limited_{position}") or 0
            explained = self._explained(part.score)
            yield Line(
                name=part.score,
                group=part.type or "",
                points=_decimal(points - limited),
                sentence=self._sentence(position, part),
                evidence=self._evidence(position, part),
                inner=explained.lines if explained else (),
            )
            if limited and part.limit is not None:
                high = limited < 0
                bound = f"at most {value_words(part.limit.max)}" if high else f"at least {value_words(part.limit.min)}"
                yield Line(
                    name=f"limit of {part.score}",
                    group=part.type or "",
                    points=_decimal(limited),
                    sentence=f"{self._title(part.score)} gives {bound}.",
                    kind="limit",
                )

    def _given(self) -> list[int]:
        """What each part adds to the value, its limit included."""
        parts = self.combined.definition.parts
        if self.combined.definition.how == "sum":
            return [self.totals[f"given_{i}"] for i in range(len(parts))]
        products = [self.totals[f"scaled_{i}"] * scaled(p.weight, WEIGHT_PLACES) for i, p in enumerate(parts)]
        return shares(products, self.totals["weight"])

    def _sentence(self, position: int, part: Part) -> str:
        title, known = self._title(part.score), self.side[f"micro_{position}"] is not None
        if not known:
            reason = self.side[f"why_{position}"] or "no value"
            if isinstance(part.missing, Decimal):
                return f"{title} is unknown ({reason}): {value_words(part.missing)} stands in for it."
            return f"{title} is unknown ({reason}) and left out."
        value = value_words(_decimal(self.side[f"micro_{position}"]))
        if part.scale == "percentile":
            rank = int(self.side[f"rank_{position}"])
            return f"{title} {value}, higher than {rank} % of all, {self._counts(part)}."
        return f"{title} {value}, {self._counts(part)}."

    def _counts(self, part: Part) -> str:
        if self.combined.definition.how == "sum":
            return f"counts {value_words(part.weight)} times"
        share = 100 * scaled(part.weight, WEIGHT_PLACES) / self.totals["weight"]
        return f"counts {share:.0f} %"

    def _evidence(self, position: int, part: Part) -> dict[str, Any]:
        known = self.side[f"micro_{position}"]
        return {
            "score": None if known is None else _decimal(known),
            "counted_as": _decimal(self.totals[f"scaled_{position}"]) if self.totals[f"counts_{position}"] else None,
            "weight": part.weight,
            "scale": part.scale,
        }

    def _cell(self) -> Iterator[Line]:
        table = self.combined.definition.table
        assert table is not None
        label = labels(self.combined.definition)[self.totals["cell"]]
        told: list[str] = []
        inner: list[Line] = []
        for axis in (table.rows, table.columns):
            value = self.side[f"micro_{self.combined.definition.used.index(axis.score)}"]
            told.append(f"{self._title(axis.score)} {value_words(_decimal(value))}")
            explained = self._explained(axis.score)
            inner += explained.lines if explained else ()
        yield Line(
            name=label,
            group="table",
            points=table.values[label],
            sentence=f"{' and '.join(told)}: {label}, which gives {value_words(table.values[label])}.",
            evidence={"cell": label},
            inner=tuple(inner),
        )

    def _exception(self, exception: ScoreOverride, change: int) -> Line:
        if exception.when is not None:
            why = condition_words(exception.when)
        else:
            value = self.side[f"micro_{self.combined.definition.used.index(str(exception.score))}"]
            why = f"{self._title(str(exception.score))} is {value_words(_decimal(value))}"
        return Line(
            name=exception.name,
            group="exceptions",
            points=_decimal(change),
            sentence=f"{exception.name[:1].upper()}{exception.name[1:]}: {why}.",
            kind="limit",
        )

    def _explained(self, name: str) -> Explanation | None:
        subject = _subject_of(self.combined, name, self.side)
        return self.inner[name].get(subject) if subject else None

    def _title(self, name: str) -> str:
        return self.combined.definition.scores[name].title or name.replace("_", " ").capitalize()


def _subject_of(combined: Combined, name: str, row: Row) -> str | None:
    part = combined.definition.scores[name]
    found: str | None = row["subject_id" if part.subject == combined.definition.subject else f"{part.subject}_id"]
    return found


def _inner(combined: Combined, name: str, side: list[Row]) -> Mapping[str, Explanation]:
    part = part_of(combined.definition, name, combined.view)
    ids = sorted({subject for row in side if (subject := _subject_of(combined, name, row))})
    if not ids:
        return {}
    return combined.kinds[part.kind].explain(
        part, combined.view, subject_ids=ids, runner=combined.runner, run=combined.parts.runs.get(name)
    )


def _decimal(whole: int) -> Decimal:
    return (Decimal(int(whole)) / MICRO).quantize(Decimal("0.000001"))
