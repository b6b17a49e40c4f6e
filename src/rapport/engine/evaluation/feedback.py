"""What salespeople said of a score, counted: where they agree with it, and who was right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.engine.evaluation.cases import CutOffCases
from rapport.engine.evaluation.report import BandConversion
from rapport.engine.scores.outcome import Happened
from rapport.engine.statistics.wilson import Share, share

AGREES = "accepted"
VERDICTS = (AGREES, "hotter", "colder", "rejected")


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One salesperson's word on the score of a subject.

    Attributes: verdict, one of `VERDICTS`; by, who said it.
    """

    subject_id: str
    verdict: str
    given_at: datetime
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often people agree with the score, of those it says something of.

    Attributes:
        of: a band, a criterion, or `all`.
        agreed: accepted of all words, with its 95 % Wilson interval.
        hotter, colder, rejected: how many said so instead.
    """

    of: str
    agreed: Share
    hotter: int
    colder: int
    rejected: int


def newest(feedback: Iterable[Feedback], *, at: datetime | None = None) -> list[Feedback]:
    """Each person's last word on each subject (given by `at`), the earliest first."""
    said: dict[tuple[str, str], Feedback] = {}
    for one in sorted(feedback, key=lambda f: f.given_at):
        if at is None or one.given_at <= at:
            said[one.subject_id, one.by] = one
    return sorted(said.values(), key=lambda f: f.given_at)


def agreement(feedback: Sequence[Feedback], *, of: str = "all") -> Agreement:
    """Counts of words, each counted as it is given here; see `newest`."""
    counts = {verdict: sum(one.verdict == verdict for one in feedback) for verdict in VERDICTS}
    return Agreement(
        of=of,
        agreed=share(counts[AGREES], sum(counts.values())),
        hotter=counts["hotter"],
        colder=counts["colder"],
        rejected=counts["rejected"],
    )


def agreements(feedback: Sequence[Feedback], labels: Mapping[str, Iterable[str]]) -> tuple[Agreement, ...]:
    """Agreement by label, the most words first.

    Parameters: labels, subject_id -> what it is counted under (its band, or every criterion that fired for it).
    """
    grouped: dict[str, list[Feedback]] = {}
    for one in feedback:
        for label in labels.get(one.subject_id, ()):
            grouped.setdefault(label, []).append(one)
    found = [agreement(words, of=label) for label, words in grouped.items()]
    return tuple(sorted(found, key=lambda a: (-a.agreed.n, a.of)))


def against_outcome(
    feedback: Sequence[Feedback], cases: Sequence[CutOffCases], truth: Happened
) -> tuple[BandConversion, ...]:
    """Of the cases on whom there was a word by the cut-off, who had the outcome after it, by the last word.

    Words given after a cut-off do not count at it: whoever has seen the outcome finds it easy to agree.
    """
    counts = {verdict: [0, 0] for verdict in VERDICTS}
    for one in cases:
        words = newest(feedback, at=one.as_of)
        ids = truth.present_ids(word.subject_id for word in words)
        last = {subject: word.verdict for subject, word in zip(ids, words, strict=True)}
        for subject, event in zip(one.present_ids, one.events.tolist(), strict=True):
            if (verdict := last.get(subject)) in counts:
                counts[verdict][0] += event
                counts[verdict][1] += 1
    total = sum(n for _, n in counts.values())
    return tuple(
        BandConversion(band=verdict, conversion=share(events, n), share_of_cases=n / total)
        for verdict, (events, n) in counts.items()
        if n
    )
