"""What a metric declares: its meaning for people, and what to compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapport.engine.metrics.aggregates import Aggregate, count, distinct
from rapport.engine.metrics.figures import Figure
from rapport.engine.metrics.relation import Relation

UNATTRIBUTED = "unattributed"  # the group of what no campaign gets credit for
DIRECT = "direct"  # the group of what is credited to touches that no campaign brought about


class Kind(StrEnum):
    """How the number is built."""

    SIMPLE = "simple"
    RATIO = "ratio"
    COHORT = "cohort"
    SNAPSHOT = "snapshot"
    ROLLING = "rolling"
    MODEL = "model"


class TimeBasis(StrEnum):
    """What puts a row into a period: its event, the entry of its cohort, the state at the period's
    end, or a window of fixed length before that end."""

    EVENT = "event"
    COHORT = "cohort"
    SNAPSHOT = "snapshot"
    ROLLING = "rolling"


class Unit(StrEnum):
    """COUNT whole numbers, FRACTION 0..1, RATE relative and shown in per cent but not bound to 0..1 (growth, return),
    AMOUNT base currency, times in SECONDS ... MONTHS, POINTS -100..100, PER a plain ratio."""

    COUNT = "count"
    FRACTION = "fraction"
    RATE = "rate"
    AMOUNT = "amount"
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    POINTS = "points"
    PER = "ratio"

    @property
    def is_percent(self) -> bool:
        return self in (Unit.FRACTION, Unit.RATE)


class Additivity(StrEnum):
    """Whether parts add up to the whole: always, over dimensions but not over time, or never."""

    ADDITIVE = "additive"
    SEMI_ADDITIVE = "semi-additive over time"
    NON_ADDITIVE = "non-additive"


class NullPolicy(StrEnum):
    """When there is no value. ZERO: only where the period is not covered by data; else 0."""

    ZERO = "0 where data cover the period, else none"
    NULL_ON_ZERO_DENOMINATOR = "none where the denominator is 0"
    NULL_WITHOUT_ROWS = "none where there are no rows"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What every metric declares, whether counted from rows (`MetricSpec`) or made of others (`DerivedMetric`).

    Attributes:
        id: unique, never reused for another meaning.
        sentence: what it is, in one sentence.
        formula: the same as a formula.
        definition_version: raised when the number can change for the same data.
        time_field: path of the instant that dates it.
        source: standard, paper or vendor whose definition it follows, or "own".
        how_to_read, not_when: what a reader should know.
        variants: ids of other readings of the same idea.
    """

    id: str
    name: str
    room: str
    sentence: str
    formula: str
    definition_version: int = 1
    kind: Kind
    time_basis: TimeBasis
    time_field: str
    unit: Unit
    additivity: Additivity
    null_policy: NullPolicy
    higher_is_better: bool | None
    source: str
    how_to_read: str
    not_when: str
    variants: tuple[str, ...] = ()

    @property
    def counted(self) -> Sequence[MetricSpec]:
        """The metrics counted from rows that it rests on: itself, or those of its parts."""
        raise NotImplementedError

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What it can be split by and filtered on."""
        raise NotImplementedError

    @property
    def is_cohort(self) -> bool:
        return self.time_basis is TimeBasis.COHORT

    @property
    def paths(self) -> tuple[str, ...]:
        """Every table and column it needs."""
        own = ((*spec.relation.needs, *spec.needs) for spec in self.counted)
        return tuple(dict.fromkeys(path for paths in own for path in paths))


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Metric):
    """A metric counted from the rows of one relation.

    Attributes:
        needs: tables and columns beside those of the relation.
        amount_where: boolean columns that mark the rows whose amounts are summed; () for all rows,
            None where no amounts are summed. Rows without amount or rate are counted among them.
        assumed_where: the same for rows whose instant may stand in for an unrecorded one.
        rolling_days: length of the trailing window of a rolling metric.
        never_mixed: a column whose values should not be mixed in one number, as surveys of different kinds.
        unattributed_by: the dimension whose rest, the groups `unattributed` and `direct`, is shown beside the parts.
    """

    relation: Relation
    figure: Figure
    needs: tuple[str, ...] = ()
    amount_where: tuple[str, ...] | None = None
    assumed_where: tuple[str, ...] | None = None
    rolling_days: int | None = None
    never_mixed: str | None = None
    unattributed_by: str | None = None

    @property
    def counted(self) -> tuple[MetricSpec, ...]:
        return (self,)

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(self.relation.dimensions)

    @property
    def side_counts(self) -> dict[str, Aggregate]:
        """Counts beside the figure: amounts missing or unconverted, assumptions, matured rows."""
        found: dict[str, Aggregate] = {}
        if self.amount_where is not None:
            found["missing_amount"] = count(*self.amount_where, "amount_missing")
            found["unconverted"] = count(*self.amount_where, "amount_unconverted")
        if self.assumed_where is not None:
            found["assumed"] = count(*self.assumed_where, "assumed")
        if self.is_cohort:
            found["matured"] = count("matured")
            found["cohort"] = count()
        if self.never_mixed is not None:
            found["mixed"] = distinct(self.never_mixed)
        return found

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return tuple(dict.fromkeys((*self.figure.aggregates, *self.side_counts.values())))
