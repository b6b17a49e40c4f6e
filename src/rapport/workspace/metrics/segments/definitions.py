"""Making, changing and deleting segments; and who uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from rapport.engine.errors import DefinitionError, RapportError
from rapport.engine.metrics.relation import SEGMENT
from rapport.engine.metrics.segments.spec import SegmentDefinition, parse_segment
from rapport.engine.scores.definition_text import read_yaml
from rapport.workspace.metrics.models import DashboardMail, DashboardShare, Goal
from rapport.workspace.metrics.segments.building import named_segments
from rapport.workspace.metrics.segments.models import Grouping, Segment
from rapport.workspace.metrics.segments.stays import move
from rapport.workspace.scores.definitions import live_definitions
from rapport.workspace.scores.models import ScoreDefinition, State

_LONGEST_TITLE = 200
_ADDRESSES = frozenset({"new", "form", "preview", "ready", "build", "metrics", "groups"})  # pages beside them


@dataclass(frozen=True, kw_only=True)
class Use:
    """What uses a segment. Attributes: kind (score, segment, goal, link, mail), title, name to find it by."""

    kind: str
    title: str
    name: str


def segments() -> list[Segment]:
    """Every segment that stands, by title."""
    return list(Segment.objects.filter(deleted_at__isnull=True).select_related("grouping"))


def definition_of(segment: Segment) -> SegmentDefinition | None:
    """The rules of a segment; None for a group of a grouping, or rules that cannot be read any more."""
    try:
        return parse_segment(segment.document) if segment.document else None
    except RapportError:
        return None


def create(*, title: str, document: str, by: str, description: str = "", ready_made: str = "") -> Segment:
    """A segment by rules. Raises: DefinitionError for the first thing that is wrong."""
    definition = checked(document)
    return Segment.objects.create(
        name=_free_name(_title(title)),
        title=_title(title),
        description=description.strip(),
        subject=definition.subject,
        document=document,
        ready_made=ready_made,
        created_by=by,
    )


def create_group(grouping: Grouping, number: int, *, title: str, description: str, by: str) -> Segment:
    """A segment of one group of a grouping; the one there is already, where it has been made."""
    standing = grouping.segments.filter(group_number=number, deleted_at__isnull=True).first()
    if standing is not None:
        return standing
    return Segment.objects.create(
        name=_free_name(_title(title)),
        title=_title(title),
        description=description,
        subject=grouping.subject,
        grouping=grouping,
        group_number=number,
        created_by=by,
    )


def change(segment: Segment, *, title: str, document: str, description: str = "") -> bool:
    """Another title or other rules. Returns: whether its rules changed, so that it is to be built again."""
    segment.title, segment.description = _title(title), description.strip()
    ruled_anew = segment.grouping_id is None and document != segment.document
    if ruled_anew:
        definition = checked(document, name=segment.name)
        if definition.subject != segment.subject:
            raise DefinitionError(
                "A segment keeps its kind of members.", received=definition.subject, allowed=segment.subject
            )
        segment.document, segment.version = document, segment.version + 1
    segment.changed_at = timezone.now()
    segment.save()
    return ruled_anew


def delete(segment: Segment, *, at: datetime) -> None:
    """Its members leave and it is gone from lists; who was in it when stays known.

    Raises: DefinitionError where something uses it, saying what.
    """
    used = uses(segment)
    if used:
        raise DefinitionError(
            "The segment is used and cannot be deleted.",
            received=segment.title,
            next_step=f"First take it out of: {', '.join(f'{u.kind} {u.title}' for u in used)}.",
        )
    move(segment, (), at=at)
    with transaction.atomic():
        segment.deleted_at = at
        segment.save(update_fields=["deleted_at"])


def checked(document: str, *, name: str = "") -> SegmentDefinition:
    """The definition of a document, with the segments and scores that it names looked up.

    Parameters: name, of the segment it is to be, so that it does not come round to itself.
    """
    definition = parse_segment(document)
    known = {s.name: s for s in segments()}
    for other in definition.segments:
        if other not in known:
            raise DefinitionError("There is no such segment.", where="when", received=other, allowed=sorted(known))
    if name and name in _reached(definition.segments, known):
        raise DefinitionError("A segment cannot be made of itself.", where="when", received=name)
    live = {v.name for v in live_definitions() if v.subject == definition.subject}
    for one in definition.scores:
        if one.score not in live:
            raise DefinitionError(
                f"No live score of a {definition.subject} has this name.",
                where="scores",
                received=one.score,
                allowed=sorted(filter(None, live)),
            )
    return definition


def uses(segment: Segment) -> list[Use]:
    """Scores (published or drafted), other segments, goals, and links and mail of dashboards that name a segment."""
    scores = [Use(kind="score", title=s.label, name=s.name or "") for s in _scores_naming(segment.name)]
    others = [
        Use(kind="segment", title=other.title, name=other.name)
        for other in segments()
        if segment.name in named_segments(other)
    ]
    goals = Goal.objects.filter(deleted_at__isnull=True, filters__isnull=False)
    aims = [Use(kind="goal", title=g.metric or "", name=g.pk) for g in goals if segment.name in set(_texts(g.filters))]
    return [*scores, *others, *aims, *_sent(segment.name)]


def _sent(name: str) -> Iterator[Use]:
    """Dashboards that leave the house filtered by the segment: by links that still hold, and by mail."""
    asked = f"f.{SEGMENT}={quote_plus(name)}"
    links = DashboardShare.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    for kind, found in (("link", links), ("mail", DashboardMail.objects.all())):
        for one in found.filter(question__contains=asked).select_related("dashboard"):
            if asked in one.question.split("&"):
                yield Use(kind=kind, title=one.dashboard.title, name=one.dashboard.slug)


def _scores_naming(name: str) -> list[ScoreDefinition]:
    told = ScoreDefinition.objects.filter(state__in=(State.PUBLISHED, State.DRAFT), document__contains=name)
    found = {version.name: version for version in told if name in set(_named_in(version.document or ""))}
    return list(found.values())


def _named_in(document: str) -> Iterator[str]:
    """Texts under the keys that name segments."""
    try:
        yield from _under(read_yaml(document))
    except RapportError:
        yield from re.findall(r"[\w-]+", document)  # an unreadable draft may still mean it


def _under(held: Any) -> Iterator[str]:
    if isinstance(held, Mapping):
        for key, value in held.items():
            if key in ("segment", "include", "exclude"):
                yield from _texts(value)
            else:
                yield from _under(value)
    elif isinstance(held, list | tuple):
        for part in held:
            yield from _under(part)


def _texts(held: Any) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, Mapping):
        for value in held.values():
            yield from _texts(value)
    elif isinstance(held, list | tuple):
        for part in held:
            yield from _texts(part)


def _reached(names: tuple[str, ...], known: Mapping[str, Segment]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += named_segments(known[name]) if name in known else ()
    return found


def _title(title: str) -> str:
    title = " ".join(title.split())[:_LONGEST_TITLE]
    if not title:
        raise DefinitionError("A segment has a title.", where="title")
    return title


def _free_name(title: str) -> str:
    """A name that no segment has or had."""
    base = slugify(title)[:80] or "segment"
    taken = _ADDRESSES | set(Segment.objects.filter(name__startswith=base).values_list("name", flat=True))
    return next(n for n in (base, *(f"{base}-{i}" for i in range(2, 100_000))) if n not in taken)
