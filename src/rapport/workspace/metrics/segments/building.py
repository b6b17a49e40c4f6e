"""Building segments: who is in each as of an instant, by its rules or its frozen group; every night and on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.local_day import start_of_local_day
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DefinitionError, RapportError
from rapport.engine.metrics.segments.clusters import placed
from rapport.engine.metrics.segments.members import members
from rapport.engine.metrics.segments.spec import parse_segment
from rapport.engine.runner import Runner
from rapport.engine.statistics.clusters.model import Clusters
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.segments.models import Segment, SegmentBuild
from rapport.workspace.metrics.segments.stays import Moved, move
from rapport.workspace.queue.leases import held
from rapport.workspace.scores.models import ScoreRun

READ_TABLES = tuple(name for name, table in TABLES.items() if table.room != "actions")
BACK_MONTHS = 12
_LONGEST_WAIT = 900.0  # seconds for another build of the same segment to end
Progress = Callable[[int, int | None, str], None]


def quiet(done: int, total: int | None, message: str) -> None:
    """Progress that nobody watches."""


def build(segment: Segment, *, as_of: datetime | None = None, back_months: int = BACK_MONTHS) -> SegmentBuild:
    """Build a segment now, or as of an instant after its newest build; safe to repeat.

    The first build also tells the ends of the months before, as they were known then, so that there is a history from
    the start; not those before its scores were first computed: who was in it then is unknown, not nobody. A build that
    fails is kept with its reason, the members stay as they were, and it raises.
    """
    with held(f"segment {segment.name}"[:100], seconds=60, wait=_LONGEST_WAIT), _snapshot() as (snapshot, runner):
        return _build(segment, snapshot, runner, at=as_of or timezone.now(), back_months=back_months)


def build_all(*, as_of: datetime | None = None, progress: Progress = quiet) -> list[SegmentBuild]:
    """Build every segment; one that fails holds up no other. Segments that name others come after those."""
    segments = in_order(Segment.objects.filter(deleted_at__isnull=True).select_related("grouping"))
    done = []
    for number, segment in enumerate(segments):
        progress(number, len(segments), f"building {segment.title}")
        try:
            done.append(build(segment, as_of=as_of))
        except RapportError:
            failed = segment.builds.first()
            done += [failed] if failed is not None else []
    return done


def in_order(segments: Iterable[Segment]) -> list[Segment]:
    """Each after those that its rules name; of a circle, which saving refuses, in the order given."""
    given = {segment.name: segment for segment in segments}
    found: dict[str, Segment] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in found or name in above or name not in given:
            return
        for other in named_segments(given[name]):
            visit(other, (*above, name))
        found[name] = given[name]

    for name in given:
        visit(name, ())
    return list(found.values())


def named_segments(segment: Segment) -> tuple[str, ...]:
    """Other segments that its rules name; none where they cannot be read."""
    try:
        return parse_segment(segment.document).segments if segment.document else ()
    except RapportError:
        return ()


def member_ids(segment: Segment, snapshot: Snapshot, runner: Runner, *, at: datetime) -> list[str]:
    """Who is in the segment as known at an instant, by its rules as they are now."""
    view = as_known(snapshot, at)
    if segment.grouping is None:
        rows = members(parse_segment(segment.document), view, runner=runner)
        return list(runner.to_arrow(rows.select("subject_id").distinct())["subject_id"].to_pylist())
    if segment.grouping.model is None:
        raise DefinitionError("The grouping has no groups.", received=segment.title)
    model, names = Clusters.from_document(segment.grouping.model), tuple(segment.grouping.names)
    rows = placed(model, names, view, subject=segment.subject, runner=runner)
    ours = rows.filter(rows.cluster == segment.group_number)
    return list(runner.to_arrow(ours.select("subject_id"))["subject_id"].to_pylist())


@contextmanager
def _snapshot() -> Iterator[tuple[Snapshot, Runner]]:
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        yield snapshot, runner


def _build(segment: Segment, snapshot: Snapshot, runner: Runner, *, at: datetime, back_months: int) -> SegmentBuild:
    newest = segment.builds.filter(size__isnull=False).first()
    if newest is not None and newest.as_of > at:
        raise DefinitionError(
            "A segment is built forward: it has been built as of a later instant.",
            received=at.isoformat(),
            allowed=f"after {newest.as_of.isoformat()}",
        )
    try:
        if newest is None:
            told_from = _told_from(segment)
            for instant in (one for one in _month_ends(at, back_months) if told_from is None or one >= told_from):
                _keep(segment, member_ids(segment, snapshot, runner, at=instant), at=instant, is_past=True)
        return _keep(segment, member_ids(segment, snapshot, runner, at=at), at=at)
    except RapportError as error:
        segment.builds.create(version=segment.version, as_of=at, error=error.sentence)
        raise


def _keep(segment: Segment, ids: Sequence[str], *, at: datetime, is_past: bool = False) -> SegmentBuild:
    moved: Moved = move(segment, ids, at=at, is_past=is_past)
    made = segment.builds.create(
        version=segment.version, as_of=at, size=len(set(ids)), entered_count=moved.entered, left_count=moved.left
    )
    Segment.objects.filter(pk=segment.pk).update(size=made.size, built_at=at)
    segment.size, segment.built_at = made.size, at
    return made


def _told_from(segment: Segment) -> datetime | None:
    """From when on what the rules read is known: the first run of the scores, the first build of the segments that
    they name; None where they name none."""
    if segment.grouping_id is not None:
        return None
    definition = parse_segment(segment.document)
    runs = ScoreRun.objects.filter(state="done")
    firsts = [runs.filter(score=one.score).aggregate(first=Min("as_of"))["first"] for one in definition.scores]
    builds = SegmentBuild.objects.filter(size__isnull=False)
    firsts += [builds.filter(segment__name=name).aggregate(first=Min("as_of"))["first"] for name in definition.segments]
    return max((first for first in firsts if first is not None), default=None)


def _month_ends(at: datetime, count: int) -> list[datetime]:
    """The starts of the local months up to `at`, the oldest first."""
    first = at.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE)).date().replace(day=1)
    days = []
    for _ in range(count):
        days.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return [start_of_local_day(day, settings.REPORTING_TIME_ZONE) for day in reversed(days)]
