"""An opened company: what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.local_day import start_of_local_day
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.evaluation.backtest import BASELINES, backtest
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics.measure import Compare, measure
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.engine.scores.cut_offs import suggest_cut_offs
from rapport.engine.scores.definition import ScoreDefinition, definition_of, parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.lifetime.equity import CustomerEquity, customer_equity
from rapport.engine.scores.lifetime.spec import CustomerDefinition
from rapport.notebook.results import Lines, Measured, Proved, Scores

Definition = ScoreDefinition | Mapping[str, Any] | str | Path
Instant = datetime | date | str | None


class Crm:
    """A company's tables with an engine to ask them.

    Attributes: snapshot, the tables; left_out, tables and columns of the source that are not of the CRM.
    """

    def __init__(self, snapshot: Snapshot, runner: DuckdbRunner, *, left_out: Mapping[str, tuple[str, ...]]) -> None:
        self.snapshot = snapshot
        self.runner = runner
        self.left_out = dict(left_out)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {self._count(name):,}" for name in self.snapshot.tables)
        return f"Crm({counts}; days of {self.snapshot.time_zone}, sums in {self.snapshot.currency})"

    def close(self) -> None:
        self.runner.close()

    @cached_property
    def through(self) -> datetime:
        """The newest instant that any row tells of: what `as_of` is where none is given."""
        newest = [self._newest(name) for name in self.snapshot.tables]
        known = [at for at in newest if at is not None]
        if not known:
            raise DataError("No row tells when it happened.", next_step="Name an instant: as_of=...")
        return max(known)

    @property
    def metrics(self) -> Mapping[str, str]:
        """Each metric that can be asked for, in a sentence."""
        return {name: spec.sentence for name, spec in METRICS.items()}

    def score(self, definition: Definition, as_of: Instant = None) -> Scores:
        """Everyone's score, as known at an instant.

        Parameters: definition, YAML (text or a file), a dictionary or a parsed one.
        Columns: subject_id, value, fit, engagement, matrix, band, percentile (0..100), reason_null; best first.
        """
        parsed, view = self._asked(definition, as_of)
        scores = KINDS[parsed.kind].score(parsed, view, runner=self.runner)
        ordered = scores.order_by([ibis.desc("value"), ibis.asc("subject_id")])
        return Scores(self.runner.to_arrow(ordered), definition=parsed, as_of=view.at)

    def explain(self, definition: Definition, subjects: str | Sequence[str], as_of: Instant = None) -> Lines:
        """Why the scores of a few subjects are what they are: lines that add up to each exactly.

        Columns: subject_id, value, group, name, points, sentence, evidence (JSON).
        """
        parsed, view = self._asked(definition, as_of)
        chosen = [subjects] if isinstance(subjects, str) else list(subjects)
        found = KINDS[parsed.kind].explain(parsed, view, subject_ids=chosen, runner=self.runner)
        missing = [subject for subject in chosen if subject not in found]
        if missing:
            raise DataError(f"No such {parsed.subject} stood at {view.at.isoformat()}.", received=missing[0])
        return Lines.of(found, definition=parsed, as_of=view.at)

    def customer_equity(self, definition: Definition, as_of: Instant = None) -> CustomerEquity:
        """What all customers together are expected to bring, and by cohort, with 90 % intervals.

        Parameters: definition, of a score of kind lifetime or churn.
        """
        parsed, view = self._asked(definition, as_of)
        if not isinstance(parsed, CustomerDefinition):
            raise DefinitionError(
                "Customer equity needs a score of lifetime.", received=parsed.kind, allowed=["lifetime", "churn"]
            )
        return customer_equity(parsed, view, runner=self.runner)

    def metric(
        self,
        metrics: str | Sequence[str],
        period: Period | str | tuple[date, date],
        by: str | Sequence[str] = (),
        grain: Grain | str | None = None,
        *,
        filters: Mapping[str, str | Sequence[str]] | None = None,
        compare: Compare | str | None = None,
        as_of: Instant = None,
    ) -> Measured:
        """Metrics over a period.

        Parameters:
            period: `2026`, `2026-Q1`, `2026-03`, `2026-W10`, `2026-03-05`, or two days with the end excluded.
            by: dimensions to split by. grain: day, week, month, quarter or year, for a series.
            filters: values to keep, by dimension. compare: `previous` or `last_year`.
        Columns: metric, start, end (excluded), one per dimension, value, numerator, denominator, n, lower, upper,
            compared, reason (why there is no value), flags.
        """
        only = [Only(name, (v,) if isinstance(v, str) else tuple(v)) for name, v in (filters or {}).items()]
        split = (by,) if isinstance(by, str) else tuple(by)
        values = measure(
            [metrics] if isinstance(metrics, str) else list(metrics),
            self.snapshot,
            period=period_of(period),
            as_of=self._instant(as_of),
            runner=self.runner,
            by=split,
            grain=grain,
            filters=only,
            compare=compare,
        )
        return Measured.of(values, by=split)

    def backtest(
        self,
        definition: Definition,
        cut_offs: Sequence[Instant] | None = None,
        *,
        now: Instant = None,
        baselines: Sequence[str] = BASELINES,
        capacity: int | None = None,
    ) -> Proved:
        """The score at past cut-offs as then known, against what happened after.

        Parameters: cut_offs, by default the newest three whose windows are over; now, until when outcomes count;
            capacity, how many subjects the team can work per cut-off.
        """
        parsed, until = self._parsed(definition), self._instant(now)
        chosen: Sequence[datetime] = [self._instant(c) for c in cut_offs or ()]
        if not chosen and parsed.outcome is not None:
            chosen = suggest_cut_offs(
                self.snapshot, parsed.outcome, until, 3, subject=parsed.subject, runner=self.runner
            )
        report = backtest(
            parsed,
            self.snapshot,
            cut_offs=chosen,
            now=until,
            runner=self.runner,
            baselines=baselines,
            capacity=capacity,
        )
        return Proved(report)

    def _asked(self, definition: Definition, as_of: Instant) -> tuple[ScoreDefinition, AsOf]:
        return self._parsed(definition), as_known(self.snapshot, self._instant(as_of))

    def _parsed(self, definition: Definition) -> ScoreDefinition:
        if isinstance(definition, ScoreDefinition):
            return definition
        if isinstance(definition, Mapping):
            return definition_of(definition)
        if isinstance(definition, Path) or (isinstance(definition, str) and definition.endswith((".yaml", ".yml"))):
            return parse_definition(Path(definition).read_text("utf-8"))
        return parse_definition(definition)

    def _instant(self, at: Instant) -> datetime:
        """An instant; a day means its first one in the company's zone, and none the newest row's."""
        if at is None:
            return self.through
        if isinstance(at, str):
            at = _read(at)
        if isinstance(at, datetime):
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return start_of_local_day(at, self.snapshot.time_zone)

    def _newest(self, name: str) -> datetime | None:
        rows, dated = self.snapshot.tables[name], TABLES[name].occurred_at or "recorded_at"
        if dated not in rows.columns:
            return None
        newest = self.runner.to_arrow(rows.aggregate(at=rows[dated].max()))["at"][0].as_py()
        if newest is None or newest.tzinfo is not None:
            return newest if newest is None else newest.astimezone(UTC)
        return newest.replace(tzinfo=UTC) if isinstance(newest, datetime) else None

    def _count(self, name: str) -> int:
        rows: ir.Table = self.snapshot.tables[name]
        return int(self.runner.to_arrow(rows.aggregate(rows=rows.count()))["rows"][0].as_py())


def _read(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError as error:
        raise DefinitionError(
            "Not an instant.", where="as_of", received=text, allowed="2026-03-01, 2026-03-01T12:00+01:00"
        ) from error


def period_of(period: Period | str | tuple[date, date]) -> Period:
    """A period as people write it."""
    if isinstance(period, Period):
        return period
    if isinstance(period, tuple):
        return Period(*period)
    try:
        return _written(period)
    except ValueError as error:
        allowed = ("2026", "2026-Q1", "2026-03", "2026-W10", "2026-03-05")
        raise DefinitionError("Not a period.", received=period, allowed=allowed) from error


def _written(text: str) -> Period:
    year, _, rest = text.partition("-")
    if not rest:
        return Period.year(int(year))
    if rest[0] in "Qq":
        return Period.quarter(int(year), int(rest[1:]))
    if rest[0] in "Ww":
        return Period.week(int(year), int(rest[1:]))
    if "-" not in rest:
        return Period.month(int(year), int(rest))
    return Period.day(date.fromisoformat(text))
