"""Measure metrics: one query per relation, whatever the number of metrics, periods and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.metrics.coverage import Coverage, counted_tables, coverage_of
from rapport.engine.metrics.derived import DerivedMetric, made_of, periods_of
from rapport.engine.metrics.figures import Number
from rapport.engine.metrics.kept import KeptRows
from rapport.engine.metrics.kept import aggregated as kept_aggregated
from rapport.engine.metrics.outcome import outcome, unknown
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only, Split, aggregated, check_dimensions, columns_wanted, rows_in_periods
from rapport.engine.metrics.reading import NamedTables, Reading
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, MetricSpec
from rapport.engine.metrics.value import MetricValue
from rapport.engine.metrics.windows import Window, windows_of
from rapport.engine.runner import Runner

Group = tuple[str | None, ...]
Answers = dict[tuple[int, Group], Mapping[str, Number | None]]


class Compare(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    LAST_YEAR = "last_year"


@dataclass(frozen=True, kw_only=True)
class _Question:
    snapshot: Snapshot
    metrics: tuple[Metric, ...]
    periods: tuple[Period, ...]
    split: Split
    as_of: datetime
    runner: Runner
    kept: KeptRows | None
    named: NamedTables

    @cached_property
    def counted(self) -> tuple[MetricSpec, ...]:
        """The metrics that rows are counted for, each once."""
        return tuple({spec.id: spec for metric in self.metrics for spec in metric.counted}.values())

    def windows(self, rolling_days: int | None = None) -> dict[Period, Window]:
        zone = self.snapshot.time_zone
        found = windows_of(self.periods, time_zone=zone, as_of=self.as_of, rolling_days=rolling_days)
        return dict(zip(self.periods, found, strict=True))


def measure(
    metric_ids: Sequence[str],
    snapshot: Snapshot,
    *,
    period: Period,
    as_of: datetime,
    runner: Runner,
    by: Sequence[str] = (),
    grain: Grain | str | None = None,
    filters: Sequence[Only] = (),
    compare: Compare | str | None = None,
    kept: KeptRows | None = None,
) -> list[MetricValue]:
    """Values of metrics over a period, from what was known at `as_of`.

    Parameters:
        by: dimensions to split by; a metric without one of them comes back unknown.
        grain: cut the period into days, weeks, months ...; None gives one value for the whole.
        filters: only rows with these dimension values; all must hold.
        compare: also measure the period before, or the same period last year.
        kept: rows made before, as of the same instant; what they cannot answer is computed.
    Returns: by metric as asked, then period, then dimension values. A metric whose table or
        column no source fills has value None and the reason; the others are not affected.
    Raises: DefinitionError for an unknown metric or grain.
    Executes one query for coverage and one for each relation that the metrics use.
    """
    periods, compared = _periods(period, grain, compare)
    told = Told(
        metric_ids,
        snapshot,
        periods=[*periods, *(other for other in compared if other)],
        as_of=as_of,
        runner=runner,
        split=Split(tuple(by), tuple(filters)),
        kept=kept,
    )
    return [
        told.value(metric, one, group).compared_with(told.value(metric, other, group) if other else None)
        for metric in metric_ids
        for one, other in zip(periods, compared, strict=True)
        for group in told.groups(metric)
    ]


def measure_each(
    metric_ids: Sequence[str],
    snapshot: Snapshot,
    *,
    periods: Sequence[Period],
    as_of: datetime,
    runner: Runner,
    filters: Sequence[Only] = (),
    kept: KeptRows | None = None,
) -> list[MetricValue]:
    """The same over periods of any choice, which may overlap: by metric as asked, then period."""
    split = Split((), tuple(filters))
    told = Told(metric_ids, snapshot, periods=periods, as_of=as_of, runner=runner, split=split, kept=kept)
    return [told.value(metric, period) for metric in metric_ids for period in dict.fromkeys(periods)]


def spec_of(metric: str) -> Metric:
    """The metric of an id. Raises DefinitionError where there is none."""
    if metric not in METRICS:
        raise DefinitionError("There is no such metric.", received=metric, allowed=METRICS)
    return METRICS[metric]


def _periods(
    period: Period, grain: Grain | str | None, compare: Compare | str | None
) -> tuple[tuple[Period, ...], tuple[Period | None, ...]]:
    other = None
    if compare is not None:
        other = period.previous() if Compare(compare) is Compare.PREVIOUS else period.last_year()
    if grain is None:
        return (period,), (other,)
    if grain not in tuple(Grain):
        raise DefinitionError("There is no such grain.", received=str(grain), allowed=[g.value for g in Grain])
    parts = period.split(Grain(grain))
    former: list[Period | None] = list(other.split(Grain(grain))) if other else []
    return parts, tuple(former[i] if i < len(former) else None for i in range(len(parts)))


def _sharing(specs: Iterable[MetricSpec]) -> list[list[MetricSpec]]:
    """Metrics that one query can answer: of one relation and one kind of window."""
    shared: dict[tuple[str, int | None], list[MetricSpec]] = {}
    for spec in specs:
        shared.setdefault((spec.relation.name, spec.rolling_days), []).append(spec)
    return list(shared.values())


def _answered(shared: Sequence[MetricSpec], question: _Question, coverage: Coverage) -> dict[str, Answers | str]:
    """For each metric its aggregates by period and group, or why there are none."""
    found: dict[str, Answers | str] = {}
    able = []
    for spec in shared:
        reason = coverage.missing(spec, question.snapshot)
        try:
            check_dimensions(spec.id, spec.dimensions, question.split)
        except DefinitionError as error:
            reason = reason or error.sentence
        if reason is None:
            able.append(spec)
        else:
            found[spec.id] = reason
    if able:
        try:
            answers: Answers | str = _run(able, question)
        except DataError as error:
            answers = error.sentence
        found |= {spec.id: answers for spec in able}
    return found


def _run(shared: Sequence[MetricSpec], question: _Question) -> Answers:
    relation, aggregates = shared[0].relation, [a for spec in shared for a in spec.aggregates]
    windows, kept = question.windows(shared[0].rolling_days), question.kept
    if kept is not None and kept.answers(shared, question.split, question.periods):
        rows = kept.rows_in_periods(relation, question.split, windows)
        answer = question.runner.to_arrow(kept_aggregated(rows, question.split, aggregates))
    else:
        reading = Reading(
            view=as_known(question.snapshot, question.as_of),
            windows=tuple(windows.values()),
            needed_by=", ".join(spec.id for spec in shared),
            wanted=columns_wanted(relation, question.split, aggregates),
            runner=question.runner,
            named=question.named,
        )
        rows = rows_in_periods(relation, reading, question.split)
        answer = question.runner.to_arrow(aggregated(rows, question.split, aggregates))
    keys = [f"dim_{name}" for name in question.split.by]
    return {(row["period"], tuple(row[key] for key in keys)): row for row in answer.to_pylist()}


class Told:
    """Metrics measured over some periods at once, to be looked up.

    Executes one query for each relation that the metrics use, and one for coverage.
    """

    def __init__(
        self,
        metric_ids: Iterable[str],
        snapshot: Snapshot,
        *,
        periods: Iterable[Period],
        as_of: datetime,
        runner: Runner,
        split: Split | None = None,
        kept: KeptRows | None = None,
    ) -> None:
        """Parameters: periods, in any order, overlapping or not; split, dimensions and filters.

        Raises: DefinitionError for an unknown metric.
        """
        metrics = tuple(spec_of(metric) for metric in metric_ids)
        told = list(periods)
        # a metric made of others may look back at the period before
        looked_at = (p for metric in metrics for period in told for p in periods_of(metric, period))
        question = _Question(
            snapshot=snapshot,
            metrics=metrics,
            periods=tuple(dict.fromkeys((*told, *looked_at))),
            split=split or Split(),
            as_of=as_of,
            runner=runner,
            kept=kept,
            named=NamedTables(runner),
        )
        self._question = question
        self._coverage = kept.coverage if kept else coverage_of(question.counted, snapshot, as_of=as_of, runner=runner)
        self._answers: dict[str, Answers | str] = {}
        try:
            for shared in _sharing(question.counted):
                self._answers |= _answered(shared, question, self._coverage)
        finally:
            question.named.close()
        self._windows = {days: question.windows(days) for days in {None, *(s.rolling_days for s in question.counted)}}

    def groups(self, metric_id: str) -> list[Group]:
        """The combinations of dimension values there are; one, `()`, where nothing is split."""
        by = self._question.split.by
        answers = [self._answers[spec.id] for spec in spec_of(metric_id).counted]
        known = [its for its in answers if not isinstance(its, str)]
        if not by or len(known) < len(answers):
            return [()]
        return sorted({group for its in known for _, group in its}, key=_by_text)

    def value(self, metric_id: str, period: Period, group: Group = ()) -> MetricValue:
        """The value of a metric over one of the periods."""
        return self._value(spec_of(metric_id), period, group)

    def _value(self, metric: Metric, period: Period, group: Group) -> MetricValue:
        if isinstance(metric, DerivedMetric):
            parts = {name: self._value(p.metric, p.period(period), group) for name, p in metric.parts.items()}
            return made_of(metric, period, parts, dimensions=self._dimensions(group), as_of=self._question.as_of)
        assert isinstance(metric, MetricSpec)
        return self._counted(metric, period, group)

    def _counted(self, spec: MetricSpec, period: Period, group: Group) -> MetricValue:
        answers, as_of = self._answers[spec.id], self._question.as_of
        if isinstance(answers, str):
            return unknown(spec, period, as_of=as_of, reason=answers, dimensions=self._dimensions(group))
        window = self._windows[None][period]
        return outcome(
            spec,
            period,
            window,
            self._coverage.share(counted_tables(spec), self._windows[spec.rolling_days][period]),
            answers.get((window.number, group), {}),
            dimensions=self._dimensions(group),
            coverage=self._coverage,
            as_of=as_of,
        )

    def _dimensions(self, group: Group) -> dict[str, str | None]:
        return dict(zip(self._question.split.by, group, strict=True)) if group else {}


def _by_text(group: Group) -> tuple[tuple[bool, str], ...]:
    return tuple((name is None, name or "") for name in group)
