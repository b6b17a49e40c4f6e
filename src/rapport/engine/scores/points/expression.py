"""A points score as one expression: subjects, what they did, and the sums over both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.fields import FieldRef, Nature
from rapport.engine.crm.conditions.fold import folded
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES, Frame, subject_frame
from rapport.engine.crm.conditions.grammar import Related, walk
from rapport.engine.crm.conditions.subject_conditions import Conditioned, TextMaps, conditioned, paths_of
from rapport.engine.crm.events import table_of
from rapport.engine.crm.tables import BY_ENTITY
from rapport.engine.runner import Runner
from rapport.engine.scores.audience import with_audience
from rapport.engine.scores.bands import band_label, micro, points
from rapport.engine.scores.points.activity import activity, feature_value
from rapport.engine.scores.points.event_codes import Coded, coded_events
from rapport.engine.scores.points.plan import Feature, Plan, match_key
from rapport.engine.scores.points.restarts import begun_anew, restarts, since
from rapport.engine.scores.points.spec import PointsDefinition, ValuePoints
from rapport.engine.scores.points.totals import ENGAGEMENT, FIT, ViewDay, map_column, with_totals

MISSING = "not mapped"


@dataclass(frozen=True)
class Points:
    """A definition bound to a view.

    Attributes:
        subjects: subject_id; only these are computed, None for all.
        detail: keep every criterion apart, for explanations.
    """

    definition: PointsDefinition
    view: AsOf
    runner: Runner
    subjects: ir.Table | None = None
    detail: bool = False

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.definition, detail=self.detail)

    @property
    def time_zone(self) -> str:
        return self.definition.time_zone or self.view.snapshot.time_zone

    @property
    def needed_by(self) -> str:
        return f"the score {self.definition.name}"

    @property
    def missing(self) -> list[str]:
        """Tables that the definition needs and no source fills."""
        return sorted({table for table in tables_of(self.definition) if not self.view.has(table)})

    @cached_property
    def restarts(self) -> ir.Table | None:
        """When each subject began anew; None where the definition names no such event."""
        if self.definition.restart is None or self.missing:
            return None
        return restarts(
            self.definition.restart,
            self.view,
            subject=self.definition.subject,
            subjects=self.subjects,
            runner=self.runner,
            needed_by=self.needed_by,
            time_zone=self.time_zone,
        )

    @cached_property
    def frame(self) -> Frame:
        """The subjects with the fields that criteria name."""
        conditions = [c.when for _, c in self.definition.criteria if c.when is not None]
        mapped = [c.points.value for _, c in self.definition.criteria if isinstance(c.points, ValuePoints)]
        paths = [] if self.missing else [*paths_of(conditions), *mapped]
        frame = subject_frame(
            self.view, self.definition.subject, paths, needed_by=self.needed_by, subjects=self.subjects
        )
        if self.restarts is not None:
            frame = replace(frame, rows=begun_anew(frame.rows, self.restarts))
        if self.subjects is None and frame.columns and self.view.has("attribute_history"):
            return replace(frame, rows=self.runner.cache(frame.rows))  # read twice, and dear to look up
        return replace(frame, rows=self._step(frame.rows))

    @cached_property
    def coded(self) -> Mapping[str, Coded]:
        """The events of each source with what they match."""
        found = {
            source: coded_events(
                self.view,
                source,
                list({match_key(t.match): t.match for f in features for t in f.terms}.values()),
                subject=self.definition.subject,
                subjects=self.subjects,
                runner=self.runner,
                needed_by=self.needed_by,
                time_zone=self.time_zone,
            )
            for source, features in self.plan.features.items()
        }
        if self.restarts is not None:
            found = {source: replace(coded, rows=since(coded.rows, self.restarts)) for source, coded in found.items()}
        return found if self.subjects is None else {source: self._in_memory(coded) for source, coded in found.items()}

    def _in_memory(self, coded: Coded) -> Coded:
        wanted = coded.rows.code.isin(list(coded.matches)) if coded.matches else ibis.literal(False)
        return replace(coded, rows=self._step(coded.rows.filter(wanted)))

    def _step(self, rows: ir.Table) -> ir.Table:
        """A few subjects are computed step by step: one long expression takes longer to translate than to run."""
        return rows if self.subjects is None else ibis.memtable(self.runner.to_arrow(rows))

    def micro_rows(self) -> ir.Table:
        """One row per subject: subject_id, the frame's fields and every step in micro-points (see `totals`)."""
        frame = self.frame
        told = self._conditioned(frame)
        rows = self._step(told.rows)
        for source, features in self.plan.features.items():
            rows = _with_features(rows, self._step(self._activity(source, features)), features)
        return with_totals(rows, told, frame, self.plan, ViewDay(self.view.at, self.time_zone))

    def scores(self) -> ir.Table:
        """One row per subject: subject_id, value, fit, engagement, matrix, band, reason_null."""
        if self.missing:
            return self._told_nothing(f"{', '.join(self.missing)} {MISSING}")
        rows = self.explained_rows()
        counted = rows._reason.isnull()
        amounts = {name: ibis.ifelse(counted, points(rows[of]), _NO_POINTS) for name, of in _AMOUNTS.items()}
        labels = {"matrix": self._matrix(rows), "band": band_label(rows["micro"], self.definition.bands)}
        shown = {name: ibis.ifelse(counted, label, ibis.null("string")) for name, label in labels.items()}
        return rows.select("subject_id", **amounts, **shown, reason_null=rows._reason)

    def explained_rows(self) -> ir.Table:
        """`micro_rows` with `_reason`, why a subject is not scored (null for those who are)."""
        return with_audience(self.micro_rows(), self.definition, self.view, name="_reason")

    def _conditioned(self, frame: Frame) -> Conditioned:
        conditions = [c.when for _, c in self.definition.criteria if c.when is not None]
        return conditioned(
            frame,
            conditions,
            self.view,
            runner=self.runner,
            needed_by=self.needed_by,
            time_zone=self.time_zone,
            maps=_text_maps(self.definition, frame.refs),
        )

    def _activity(self, source: str, features: Sequence[Feature]) -> ir.Table:
        return activity(self.coded[source], features, self.view, time_zone=self.time_zone, runner=self.runner)

    def _matrix(self, rows: ir.Table) -> ir.StringValue:
        matrix = self.definition.matrix
        if matrix is None:
            return ibis.null("string")
        return band_label(rows[FIT], matrix.fit) + band_label(rows[ENGAGEMENT], matrix.engagement)

    def _told_nothing(self, reason: str) -> ir.Table:
        rows = self.frame.rows
        nothing = dict.fromkeys(_AMOUNTS, _NO_POINTS)
        labels = dict.fromkeys(("matrix", "band"), ibis.null("string"))
        return rows.select("subject_id", **nothing, **labels, reason_null=ibis.literal(reason))


_NO_POINTS = ibis.null("decimal(18, 6)")
_AMOUNTS = {"value": "micro", FIT: FIT, ENGAGEMENT: ENGAGEMENT}


def tables_of(definition: PointsDefinition) -> set[str]:
    """The tables that a definition cannot do without, beside the subject's own."""
    tables = {table_of(definition.restart.event)} if definition.restart else set()
    for _, criterion in definition.criteria:
        tables |= {table_of(match.event) for match in criterion.events}
        parts = walk(criterion.when)
        tables |= {part.related.partition(".")[2] for part in parts if isinstance(part, Related)}
        fields = paths_of([criterion.when]) if criterion.when is not None else []
        fields += [criterion.points.value] if isinstance(criterion.points, ValuePoints) else []
        tables |= {BY_ENTITY[entity].name for f in fields if (entity := f.partition(".")[0]) in BY_ENTITY}
    return tables - {SUBJECT_TABLES[definition.subject]}


def _text_maps(definition: PointsDefinition, refs: Mapping[str, FieldRef]) -> TextMaps:
    maps: dict[str, dict[str, tuple[dict[str, int], int]]] = {}
    for position, (_, criterion) in enumerate(definition.criteria):
        given = criterion.points
        if isinstance(given, ValuePoints) and refs[given.value].nature in (Nature.TEXT, Nature.PROPERTY):
            mapped = {folded(text): micro(number) for text, number in given.map.items()}
            maps.setdefault(given.value, {})[map_column(position)] = (mapped, micro(given.otherwise))
    return maps


def _with_features(rows: ir.Table, found: ir.Table, features: Sequence[Feature]) -> ir.Table:
    """`rows` with the features of a source; 0 where the subject has none."""
    joined = rows.left_join(found.rename(_found="subject_id"), [("subject_id", "_found")])
    return joined.mutate(**{f.name: feature_value(f, joined[f.name]) for f in features}).drop("_found")
