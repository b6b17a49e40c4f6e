"""Criteria that say nothing of their own: never, for everybody, twice, or only where another one speaks too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

from rapport.engine.crm.conditions.subject_conditions import paths_of
from rapport.engine.crm.conditions.words import event_words
from rapport.engine.evaluation.lint.finding import Finding
from rapport.engine.evaluation.lint.fired import Fired
from rapport.engine.scores.points.spec import Criterion, PointsDefinition, ValuePoints

FEW = 20  # a pair is not compared where one of the two fires for fewer
TWICE = 0.95  # phi from which on two criteria count as one
_INSIDE = 0.999  # share of the one that the other covers


def silent(
    definition: PointsDefinition, now: Fired, past: Sequence[Fired], unknown: Mapping[str, str]
) -> Iterator[Finding]:
    """Criteria that fire for nobody, and those that give everybody the same.

    Parameters: unknown, criteria that cannot fire because a field is unknown, and why; they have their own finding.
    """
    for position, (_, criterion) in enumerate(definition.criteria):
        if criterion.name in unknown or not now.count:
            continue
        counts = [int(one.fired[:, position].sum()) for one in (now, *past)]
        if not any(counts):
            seen = f"now and at {len(past)} past instants" if past else "now"
            why = f"no {event_words(criterion.event)}" if criterion.event is not None else "nobody meets its condition"
            sentence = f"It fires for none of {now.count:,}, {seen}: {why}."
            yield Finding(
                code="never_fires", criterion=criterion.name, sentence=sentence, evidence={"subjects": now.count}
            )
        elif now.count >= FEW and len(set(now.points[:, position].tolist())) == 1:
            points = now.points[0, position] / 1e6
            sentence = f"It gives all {now.count:,} the same {points:g} points."
            evidence = {"points": points, "subjects": now.count}
            yield Finding(code="same_for_all", criterion=criterion.name, sentence=sentence, evidence=evidence)


def doubled(definition: PointsDefinition, now: Fired) -> Iterator[Finding]:
    """Pairs that fire for the same people, and pairs of one event or field of which one lies inside the other."""
    criteria = [c for _, c in definition.criteria]
    for i, first in enumerate(criteria):
        for j in range(i + 1, len(criteria)):
            second = criteria[j]
            a, b, both = (float(now.together[pair]) for pair in ((i, i), (j, j), (i, j)))
            if min(a, b) < FEW:
                continue
            phi = _phi(a, b, both, now.count)
            if phi is not None and phi >= TWICE:
                yield _twice(first, second, a=a, b=b, both=both, phi=phi)
            elif phi is not None and _basis(first) & _basis(second) and both >= _INSIDE * min(a, b):
                inner, outer = (first, second) if a < b else (second, first)
                yield _inside(inner, outer, inner_count=min(a, b), outer_count=max(a, b))


def _phi(a: float, b: float, both: float, n: int) -> float | None:
    """Correlation of two flags; None where one of them is the same for all."""
    spread = a * (n - a) * b * (n - b)
    return (n * both - a * b) / sqrt(spread) if spread > 0 else None


def _basis(criterion: Criterion) -> set[str]:
    """The events and fields that a criterion looks at."""
    fields = paths_of([criterion.when]) if criterion.when is not None else []
    fields += [criterion.points.value] if isinstance(criterion.points, ValuePoints) else []
    return {f"event {match.event}" for match in criterion.events} | {f"field {path}" for path in fields}


def _twice(first: Criterion, second: Criterion, *, a: float, b: float, both: float, phi: float) -> Finding:
    same = f"{both:,.0f} of {a:,.0f} and of {b:,.0f}"
    return Finding(
        code="counted_twice",
        criterion=second.name,
        sentence=f"It and “{first.name}” fire for the same people ({same}): one thing counts twice.",
        evidence={"with": first.name, "first": int(a), "second": int(b), "both": int(both), "correlation": phi},
    )


def _inside(inner: Criterion, outer: Criterion, *, inner_count: float, outer_count: float) -> Finding:
    return Finding(
        code="subsumed",
        criterion=inner.name,
        sentence=(
            f"Wherever it fires ({inner_count:,.0f}), “{outer.name}” fires too ({outer_count:,.0f}), "
            "on the same event or field: both count."
        ),
        evidence={"within": outer.name, "inner": int(inner_count), "outer": int(outer_count)},
    )
