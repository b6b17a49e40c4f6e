"""Scores that other scores are made of: read from within the document, run and ranked as their own kind does.

A definition that rests on other scores holds their whole documents, so that it means the same for
ever, whatever becomes of those scores later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import ibis.expr.types as ir
from pydantic import BeforeValidator, Field, SerializeAsAny

from rapport.engine.crm.as_of import AsOf
from rapport.engine.errors import DefinitionError
from rapport.engine.runner import Runner
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.kind import Kind, everyone
from rapport.engine.scores.population import PopulationRun, micro_points

DEEPEST = 5  # a score, its parts, theirs ...
Kinds = Mapping[str, Kind]
NullWord = BeforeValidator(lambda written: "null" if written is None else written)  # YAML's null, and the word


class ScoreOfScores(ScoreDefinition):
    """A score made of others.

    Attributes:
        scores: the whole definition of each, by its name.
    """

    scores: dict[str, SerializeAsAny[ScoreDefinition]] = Field(min_length=1)

    def part(self, name: str, *, where: str) -> ScoreDefinition:
        """The score of that name. Raises: ValueError where the document does not hold it."""
        if name not in self.scores:
            raise ValueError(f"{where}: {name!r} is not among its scores: {', '.join(self.scores)}.")
        return self.scores[name]


class Reader(Protocol):
    """Reads a document as a definition, knowing the names it stands within."""

    def __call__(self, document: Mapping[str, Any], *, within: tuple[str, ...]) -> ScoreDefinition: ...


def with_parts(document: Mapping[str, Any], *, read: Reader, within: tuple[str, ...]) -> Mapping[str, Any]:
    """`document` with the documents under `scores` read as definitions.

    Raises: DefinitionError for a score that is only named, that is made of itself, or that lies too deep.
    """
    name, inner = str(document.get("name")), document.get("scores")
    path = (*within, name)
    if inner is None:
        return document
    if len(path) >= DEEPEST:
        raise DefinitionError(
            f"Scores are made of scores at most {DEEPEST} deep.", where=f"{within[0]}.scores", received=" > ".join(path)
        )
    named = [str(key) for key in inner if not isinstance(inner, Mapping) or not _is_whole(inner[key])]
    _refuse_cycles(path, [str(key) for key in inner])
    if named:
        raise DefinitionError(
            f"The definition of {named[0]!r} is missing in it.",
            where=f"{name}.scores",
            next_step="Write its whole definition there; the workspace does that where a score that is live is named.",
        )
    return {**document, "scores": {str(key): _read(str(key), part, read, path) for key, part in inner.items()}}


def in_zone(part: ScoreDefinition, zone: str) -> ScoreDefinition:
    """The definition with its days in `zone`, its parts' too, where they have none of their own."""
    update: dict[str, Any] = {} if part.time_zone else {"time_zone": zone}
    if isinstance(part, ScoreOfScores):
        update["scores"] = {name: in_zone(inner, part.time_zone or zone) for name, inner in part.scores.items()}
    return part.model_copy(update=update) if update else part


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The scores of the parts, and the runs that they are ranked in, by name.

    Attributes: tables, of all subjects, as `part_rows` gives them; empty where they have not been computed.
    """

    runs: Mapping[str, PopulationRun]
    tables: Mapping[str, ir.Table] = field(default_factory=dict)


def parts_of_everyone(
    definition: ScoreOfScores, view: AsOf, *, runner: Runner, kinds: Kinds, before: PopulationRun | None
) -> Parts:
    """Each part measured once for all subjects at the view's instant. before: the run of the whole in force."""
    runs, tables = {}, {}
    for name, part in definition.scores.items():
        earlier = before.parts.get(name) if before else None
        inner = part_of(definition, name, view)
        scores, runs[name] = everyone(kinds[part.kind], inner, view, runner=runner, before=earlier)
        tables[name] = part_rows(scores, runner)
    return Parts(runs=runs, tables=tables)


def part_scores(
    definition: ScoreOfScores,
    name: str,
    view: AsOf,
    *,
    runner: Runner,
    kinds: Kinds,
    parts: Parts,
    subjects: ir.Table | None = None,
) -> ir.Table:
    """The scores of one part, as `part_rows` gives them. subjects (subject_id): only theirs."""
    if name in parts.tables:
        return parts.tables[name]
    part = part_of(definition, name, view)
    scores = kinds[part.kind].score(part, view, runner=runner, run=parts.runs.get(name), subjects=subjects)
    return part_rows(scores, runner)


def part_rows(scores: ir.Table, runner: Runner) -> ir.Table:
    """One row per subject of a part: part_id, part_micro, part_percentile, part_reason; computed once."""
    return runner.cache(
        scores.select(
            part_id=scores.subject_id,
            part_micro=micro_points(scores.value),
            part_percentile=scores.percentile.cast("float64"),
            part_reason=scores.reason_null,
        )
    )


def part_of(definition: ScoreOfScores, name: str, view: AsOf) -> ScoreDefinition:
    """The definition of a part, its days in the zone of the whole where it has none of its own."""
    return in_zone(definition.scores[name], definition.time_zone or view.snapshot.time_zone)


def _is_whole(part: object) -> bool:
    return isinstance(part, ScoreDefinition) or (isinstance(part, Mapping) and "kind" in part)


def _read(name: str, part: Any, read: Reader, path: tuple[str, ...]) -> ScoreDefinition:
    found = part if isinstance(part, ScoreDefinition) else read(part, within=path)
    if found.name != name:
        raise DefinitionError(
            "A score stands under its own name.", where=f"{path[-1]}.scores.{name}", received=found.name, allowed=[name]
        )
    return found


def _refuse_cycles(path: tuple[str, ...], names: list[str]) -> None:
    for name in names:
        if name in path:
            circle = " > ".join((*path[path.index(name) :], name))
            raise DefinitionError(
                f"A score cannot be made of itself: {circle}.",
                where=f"{path[0]}.scores",
                next_step="Take one of them out of the circle.",
            )
