"""Who had the outcome, and when: as known at a cut-off, and as it turned out in each window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import ibis
import ibis.expr.types as ir
import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import events
from rapport.engine.crm.identity import survivors
from rapport.engine.errors import DefinitionError
from rapport.engine.runner import Runner
from rapport.engine.scores.cut_offs import window_end
from rapport.engine.scores.definition_base import Outcome, ScoreDefinition
from rapport.engine.scores.points.event_codes import coded_events
from rapport.engine.scores.points.plan import source_of
from rapport.engine.statistics.auc import Flags


def outcome_of(definition: ScoreDefinition) -> Outcome:
    """The outcome that a definition claims, or DefinitionError."""
    if definition.outcome is None:
        raise DefinitionError(
            "It claims no outcome, so there is nothing to prove.",
            where=f"{definition.name}.outcome",
            next_step="Add outcome: {event: deal_won, within_days: 90}.",
        )
    return definition.outcome


@dataclass(frozen=True)
class Known:
    """What was known of the event at an instant: each subject's first and last occurrence until then."""

    first: Mapping[str, datetime]
    last: Mapping[str, datetime]

    def had_by(self, at: datetime) -> set[str]:
        """Subjects whose first occurrence lies at or before `at`."""
        return {subject for subject, when in self.first.items() if when <= at}

    def had_after(self, at: datetime) -> set[str]:
        """Subjects with an occurrence after `at`."""
        return {subject for subject, when in self.last.items() if when > at}


@dataclass(frozen=True)
class Happened:
    """What is known now: the subjects with the event in each cut-off's window, under their present ids.

    Attributes: absent, the outcome is that the event did not happen.
    """

    subjects: Mapping[datetime, frozenset[str]]
    survivor: Mapping[str, str] = field(default_factory=dict)
    absent: bool = False

    def present_ids(self, subject_ids: Iterable[str]) -> list[str]:
        """Ids as of a cut-off as those of today: records merged since lead to the survivor."""
        return [self.survivor.get(key, key) for key in subject_ids]

    def flags(self, cut_off: datetime, present_ids: Iterable[str]) -> Flags:
        had = self.subjects[cut_off]
        return np.array([(key in had) != self.absent for key in present_ids], dtype=bool)


def known(definition: ScoreDefinition, view: AsOf, runner: Runner) -> Known:
    """First and last occurrence of the outcome's event by subject, as of the view."""
    rows = occurrences(definition, view, runner)
    spans = rows.group_by("subject_id").aggregate(first=rows.occurred_at.min(), last=rows.occurred_at.max())
    found = runner.to_arrow(spans).to_pydict()
    return Known(
        first=dict(zip(found["subject_id"], found["first"], strict=True)),
        last=dict(zip(found["subject_id"], found["last"], strict=True)),
    )


def happened(definition: ScoreDefinition, view: AsOf, cut_offs: Sequence[datetime], runner: Runner) -> Happened:
    """Who had the event in (cut-off, cut-off + within_days x 24 h], in one query; `view` as restated today."""
    rows = occurrences(definition, view, runner)
    within = {f"w{i}": _in_window(rows, c, outcome_of(definition).within_days).any() for i, c in enumerate(cut_offs)}
    recent = rows.filter(rows.occurred_at > _instant(min(cut_offs)))
    found = runner.to_arrow(recent.group_by("subject_id").aggregate(**within)).to_pydict()
    subjects = {
        c: frozenset(s for s, had in zip(found["subject_id"], found[f"w{i}"], strict=True) if had)
        for i, c in enumerate(cut_offs)
    }
    return Happened(subjects, _survivors(definition, view, runner), outcome_of(definition).absent)


def occurrences(definition: ScoreDefinition, view: AsOf, runner: Runner) -> ir.Table:
    """Occurrences of the outcome's event that meet its `where`: subject_id, occurred_at."""
    match = outcome_of(definition).match
    needed_by = f"the outcome of {definition.name}"
    if match.where is None:
        return events(view, match.event, subject=definition.subject, needed_by=needed_by)
    coded = coded_events(
        view,
        source_of(match),
        [match],
        subject=definition.subject,
        subjects=None,
        runner=runner,
        needed_by=needed_by,
        time_zone=definition.time_zone or view.snapshot.time_zone,
    )
    return coded.rows.filter(coded.rows.code.isin(list(coded.matches)))


def _survivors(definition: ScoreDefinition, view: AsOf, runner: Runner) -> Mapping[str, str]:
    chain = survivors(view, definition.subject)
    if chain is None:
        return {}
    links = runner.to_arrow(chain).to_pydict()
    return dict(zip(links["from_id"], links["to_id"], strict=True))


def _in_window(rows: ir.Table, cut_off: datetime, within_days: int) -> ir.BooleanValue:
    end = window_end(cut_off, within_days)
    return (rows.occurred_at > _instant(cut_off)) & (rows.occurred_at <= _instant(end))


def _instant(at: datetime) -> ir.TimestampScalar:
    return ibis.literal(at, type="timestamp('UTC', 6)")
