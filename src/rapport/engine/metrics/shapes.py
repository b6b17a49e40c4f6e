"""What most metrics of a kind have in common, so that a metric's file says only what is its own."""

from __future__ import annotations

from typing import TypedDict

from rapport.engine.metrics.spec import Additivity, Kind, NullPolicy, TimeBasis


class Shape(TypedDict):
    """The parts of a spec that follow from how the number is built."""

    kind: Kind
    time_basis: TimeBasis
    additivity: Additivity
    null_policy: NullPolicy


EVENT_TOTAL = Shape(
    kind=Kind.SIMPLE, time_basis=TimeBasis.EVENT, additivity=Additivity.ADDITIVE, null_policy=NullPolicy.ZERO
)
EVENT_DISTINCT = Shape(
    kind=Kind.SIMPLE, time_basis=TimeBasis.EVENT, additivity=Additivity.NON_ADDITIVE, null_policy=NullPolicy.ZERO
)
EVENT_RATIO = Shape(
    kind=Kind.RATIO,
    time_basis=TimeBasis.EVENT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_ON_ZERO_DENOMINATOR,
)
EVENT_AVERAGE = Shape(
    kind=Kind.SIMPLE,
    time_basis=TimeBasis.EVENT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_WITHOUT_ROWS,
)
COHORT_RATIO = Shape(
    kind=Kind.COHORT,
    time_basis=TimeBasis.COHORT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_ON_ZERO_DENOMINATOR,
)
STANDING_TOTAL = Shape(
    kind=Kind.SNAPSHOT,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.SEMI_ADDITIVE,
    null_policy=NullPolicy.ZERO,
)
STANDING_RATIO = Shape(
    kind=Kind.SNAPSHOT,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_ON_ZERO_DENOMINATOR,
)
STANDING_AVERAGE = Shape(
    kind=Kind.SNAPSHOT,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_WITHOUT_ROWS,
)
COHORT_AVERAGE = Shape(
    kind=Kind.COHORT,
    time_basis=TimeBasis.COHORT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_WITHOUT_ROWS,
)
ROLLING_RATIO = Shape(
    kind=Kind.ROLLING,
    time_basis=TimeBasis.ROLLING,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_ON_ZERO_DENOMINATOR,
)
DERIVED_RATIO = EVENT_RATIO
