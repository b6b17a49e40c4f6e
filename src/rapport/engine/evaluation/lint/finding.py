"""What lint finds, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from rapport.engine.statistics.wilson import Share


class Severity(StrEnum):
    """ERROR: the score misleads. WARNING: points are lost or doubled. INFO: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


CODES: Mapping[str, tuple[Severity, str]] = {
    # code: how bad, what to do
    "leak": (Severity.ERROR, "Take it out, or use what is known before the outcome; the backtest flatters it."),
    "wrong_way": (Severity.ERROR, "Turn the sign of its points, or take it out, and backtest again."),
    "missing_table": (Severity.ERROR, "Import the table, or take out what needs it; until then nobody has a value."),
    "not_mapped": (Severity.WARNING, "Map the column under Data > Sources, or take the criterion out."),
    "always_unknown": (Severity.WARNING, "Fill the field, or take the criterion out."),
    "never_fires": (Severity.WARNING, "Check how the event or value is written, or take the criterion out."),
    "counted_twice": (Severity.WARNING, "Keep one of the two, or halve the points of both."),
    "subsumed": (Severity.INFO, "Check that both are meant to count together; if not, keep the narrower one."),
    "same_for_all": (Severity.INFO, "It moves nobody past anybody; take it out, or bands move with it."),
    "carries_variance": (Severity.WARNING, "Give it fewer points or a limit, if the others are meant to matter."),
    "over_scoring": (Severity.INFO, "Try the score with these criteria alone, and let the backtest decide."),
    "limit_always_binds": (
        Severity.WARNING,
        "Raise the limit or lower the points, or the criteria below it say nothing.",
    ),
    "empty_band": (Severity.WARNING, "Move its bound; the distribution of the score shows where people are."),
    "no_outcome": (
        Severity.INFO,
        "Add outcome: {event: ..., within_days: ...}, so that directions and leaks are checked.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found.

    Attributes:
        code: a key of `CODES`. criterion: its name; of a limit or band, that; empty for the whole score.
        sentence: what was seen. evidence: its figures by name.
    """

    code: str
    criterion: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return CODES[self.code][0]

    @property
    def what_to_do(self) -> str:
        return CODES[self.code][1]


@dataclass(frozen=True, kw_only=True)
class CriterionFigures:
    """One criterion as of now, and against the outcome at past cut-offs.

    Attributes:
        fired_count, fired_share: subjects for whom it is true or gives points; the share is 0..1.
        variance_share: its part of the variance of the sum, by covariance; they add up to 1, one may be below 0.
            None where nobody differs.
        converted, others_converted: of those for whom it fired at the cut-offs, and of the others, who had the
            outcome. None without an outcome.
    """

    name: str
    group: str
    fired_count: int
    fired_share: float
    variance_share: float | None
    converted: Share | None = None
    others_converted: Share | None = None


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """What lint found, the gravest first.

    Attributes:
        subjects: how many have a value as of `as_of`. cut_offs: past instants at which directions were judged.
        kept: rank correlation of the score with that of its k strongest criteria alone, k = 1, 2, ...
    """

    name: str
    as_of: datetime
    subjects: int
    cut_offs: tuple[datetime, ...]
    findings: tuple[Finding, ...]
    criteria: tuple[CriterionFigures, ...]
    kept: tuple[float, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values; findings with their severity and what to do."""
        findings = [{**asdict(f), "severity": f.severity.value, "what_to_do": f.what_to_do} for f in self.findings]
        document = {**asdict(self), "findings": findings}
        answer: dict[str, Any] = json.loads(json.dumps(document, default=_text))
        return answer


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The gravest first, each code together."""
    grave, codes = list(Severity), list(CODES)
    return tuple(sorted(findings, key=lambda f: (grave.index(f.severity), codes.index(f.code), f.criterion)))


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
