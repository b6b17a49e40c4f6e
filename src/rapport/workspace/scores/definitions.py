"""Versions of definitions: drafts are made, checked, changed and compared here."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.scores.definition import parse_definition
from rapport.workspace.scores.models import ScoreDefinition, State
from rapport.workspace.scores.references import resolved


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a document says, or why it cannot be read. Exactly one of the two is set."""

    definition: Definition | None
    problem: str | None


def check(document: str) -> Verdict:
    """A document read as a definition; a problem is a sentence, never an exception."""
    try:
        return Verdict(definition=parse_definition(resolved(document)), problem=None)
    except DefinitionError as error:
        return Verdict(definition=None, problem=error.sentence)


def create_draft(*, document: str, by: str, note: str = "") -> ScoreDefinition:
    """A new version of the score that the document names, as a draft.

    The live versions of scores that it names are written into it.
    Raises DefinitionError if the document cannot be read.
    """
    document = resolved(document)
    definition = parse_definition(document)
    with transaction.atomic():
        newest = ScoreDefinition.objects.filter(name=definition.name).order_by("-version").first()
        return ScoreDefinition.objects.create(
            name=definition.name,
            version=(newest.version or 0) + 1 if newest else 1,
            document=document,
            by=by,
            note=note,
            title=definition.title or "",
            subject=definition.subject,
            kind=definition.kind,
        )


def change_draft(draft: ScoreDefinition, *, document: str, by: str, note: str = "") -> ScoreDefinition:
    """The draft with another document; what was published is left alone and a new draft is made instead.

    A backtest of the earlier document is dropped: it proves nothing about this one.
    """
    document = resolved(document)
    definition = parse_definition(document)
    if draft.state != State.DRAFT or definition.name != draft.name:
        return create_draft(document=document, by=by, note=note)
    if document == draft.document:
        return draft
    draft.document, draft.by, draft.note = document, by, note or draft.note
    draft.title, draft.subject, draft.kind = definition.title or "", definition.subject, definition.kind
    draft.backtest, draft.backtest_html, draft.backtested_at = None, None, None
    draft.recorded_at = timezone.now()
    draft.save()
    return draft


def live(name: str) -> ScoreDefinition | None:
    """The published version of a score; None where none is."""
    return ScoreDefinition.objects.filter(name=name, state=State.PUBLISHED).first()


def live_definitions() -> Sequence[ScoreDefinition]:
    return list(ScoreDefinition.objects.filter(state=State.PUBLISHED).order_by("name"))


def version_of(name: str, version: int | None = None) -> ScoreDefinition:
    """One version; None asks for the live one, else the newest. Raises DefinitionError naming those that exist."""
    versions = ScoreDefinition.objects.filter(name=name)
    found = versions.filter(version=version).first() if version else live(name) or versions.order_by("-version").first()
    if found is None:
        names = list(ScoreDefinition.objects.order_by("name").values_list("name", flat=True).distinct())
        raise DefinitionError(
            "There is no such score." if version is None else f"There is no version {version} of this score.",
            where="scores",
            received=name,
            allowed=[n for n in names if n] or None,
        )
    return found


def parsed(version: ScoreDefinition) -> Definition:
    """The definition of a stored version, with the time zone it was published with."""
    definition = parse_definition(version.document or "")
    return definition.model_copy(update={"time_zone": version.time_zone}) if version.time_zone else definition


def readable(version: ScoreDefinition) -> Definition | None:
    """`parsed`, or None for a document that cannot be read, so that one such score does not hide the others."""
    try:
        return parsed(version)
    except DefinitionError:
        return None


def differences(before: ScoreDefinition | None, after: ScoreDefinition) -> list[str]:
    """Lines of a unified difference of two documents; empty where they are the same."""
    old = (before.document or "").splitlines() if before else []
    lines = difflib.unified_diff(
        old,
        (after.document or "").splitlines(),
        f"version {before.version}" if before else "nothing",
        f"version {after.version}",
        lineterm="",
    )
    return list(lines)
