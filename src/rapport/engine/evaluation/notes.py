"""What limits a proof, said in sentences beside the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rapport.engine.evaluation.report import Assumed, BacktestReport
from rapport.engine.scores.cut_offs import overlapping
from rapport.engine.statistics.intervals import SMALL_SAMPLE

_MUCH_ASSUMED = 0.1


def notes(report: BacktestReport, *, assumed: Mapping[str, Assumed], interrupted: bool) -> BacktestReport:
    """The report with its notes, the shares of assumed `recorded_at`, and whether it was stopped early."""
    told = [
        *_interruption(report, interrupted),
        *_immature(report),
        *_few(report),
        *_overlap(report),
        *_unscored(report),
        *_assumptions(assumed),
    ]
    return replace(report, recorded_at_assumed=assumed, notes=tuple(told), interrupted=interrupted)


def _interruption(report: BacktestReport, interrupted: bool) -> list[str]:
    done = len(report.cut_offs)
    return [f"Stopped early: the figures are of the first {_count(done, 'cut-off')}."] if interrupted else []


def _immature(report: BacktestReport) -> list[str]:
    left_out = len(report.immature)
    if not left_out:
        return []
    return [f"{_count(left_out, 'cut-off')} left out: the {report.within_days} days after had not passed."]


def _few(report: BacktestReport) -> list[str]:
    events = int(report.conversion.events)
    if events >= SMALL_SAMPLE:
        return []
    return [f"Only {_count(events, 'case')} had the outcome: read the intervals, not the figures alone."]


def _overlap(report: BacktestReport) -> list[str]:
    if not overlapping([c.as_of for c in report.cut_offs], report.within_days):
        return []
    return ["Windows overlap, so one event may count at several cut-offs; intervals take each subject as one."]


def _unscored(report: BacktestReport) -> list[str]:
    unscored = sum(sum(c.unscored.values()) for c in report.cut_offs)
    scored = sum(c.scored for c in report.cut_offs)
    if not unscored:
        return []
    share = unscored / (unscored + scored)
    return [f"{share:.0%} of the eligible had no value and are no cases: {_reasons(report)}."]


def _reasons(report: BacktestReport) -> str:
    return ", ".join(sorted({reason for c in report.cut_offs for reason in c.unscored}))


def _assumptions(assumed: Mapping[str, Assumed]) -> list[str]:
    return [
        f"{name}: of {told.rate:.0%} of the rows no source said when they became known; an assumption stands in."
        for name, told in assumed.items()
        if told.rate is not None and told.rate >= _MUCH_ASSUMED
    ]


def _count(n: int, thing: str) -> str:
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"
