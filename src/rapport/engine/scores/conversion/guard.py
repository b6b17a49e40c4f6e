"""The leakage guard: fields that know the outcome are left out before anything is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.conversion.learning import FEWEST_EVENTS, Pool
from rapport.engine.scores.conversion.model import Leak
from rapport.engine.scores.conversion.selection import strongest
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.features.after_outcome import FieldTiming, field_timings
from rapport.engine.scores.features.terms import Feature, Nature, term_of
from rapport.engine.scores.outcome import known
from rapport.engine.statistics.additive import fit_additive
from rapport.engine.statistics.auc import Cases, auc
from rapport.engine.statistics.folds import fold_numbers
from rapport.engine.statistics.leakage import ALONE, OVERALL, Suspect, scan_for_leaks

DATES_ITSELF = ".created_at"
_SCANNED, _MEASURES = 6_000, 20
_PROVEN = 10  # records whose value was recorded before their outcome


@dataclass(frozen=True)
class Guarded:
    """What was found.

    Attributes:
        names: features that may be learnt from.
        overall: AUC of the fields among them whose dates prove nothing, all together; None where there are none.
    """

    leaks: tuple[Leak, ...]
    names: tuple[str, ...]
    overall: float | None

    @property
    def blocks(self) -> bool:
        """Whether undated fields together tell the outcome too well for anybody to be scored."""
        return (self.overall or 0.0) > OVERALL


def guarded(definition: ConversionDefinition, view: AsOf, pool: Pool, *, runner: Runner) -> Guarded:
    """What was found, and the features that may be learnt from.

    Suspected is a field whose values are recorded only after the outcome, and one that tells the outcome too
    well by itself (`scan_for_leaks`) while no dates show that it was known before. What happened (visits, deals,
    orders) carries its own date: it is suspected only where it alone tells nearly everything, as where rows are made
    only for those who will have the outcome. A field that is only missed by the model, as any good one
    is, is named but used. `keep` of the definition uses a field all the same.
    """
    fields = [name for name in pool.features.names if term_of(name) is None]
    first = known(definition, view, runner).first
    timings = field_timings(view, definition.subject, fields, first, runner=runner)
    unproven = _unproven(fields, timings)
    late = {t.path: evidence for t in timings if (evidence := t.evidence) is not None}
    strong = {one.name: one for one in _strong(pool, unproven)}
    found = {name: one.sentence.removeprefix(f"{name}: ") for name, one in strong.items()}
    found = {**found, **late, **_telling(pool)}
    honest = {name for name, one in strong.items() if (one.alone or 0.0) <= ALONE} - set(late)
    kept = honest | set(definition.keep)
    leaks = tuple(Leak(name=name, evidence=found[name], kept=name in kept) for name in sorted(found))
    out = {leak.name for leak in leaks if not leak.kept}
    names = tuple(name for name in pool.features.names if name not in out) or pool.features.names[:1]
    return Guarded(leaks, names, _together(pool, [name for name in unproven if name in names]))


def _unproven(fields: Sequence[str], timings: Sequence[FieldTiming]) -> list[str]:
    proven = {t.path for t in timings if t.first_before >= _PROVEN and t.first_before > t.first_after}
    return [name for name in fields if name not in proven and not name.endswith(DATES_ITSELF)]


def _strong(pool: Pool, fields: Sequence[str]) -> tuple[Suspect, ...]:
    some = _some(pool, fields)
    return scan_for_leaks(some.features, some.events, groups=some.subject_ids).flagged if some else ()


def _telling(pool: Pool) -> dict[str, str]:
    """Measures of what happened that alone rank above .95, with the evidence."""
    some = _some(pool, [name for name in pool.features.names if term_of(name) is not None])
    if some is None:
        return {}
    halves = fold_numbers(some.events, count=2, groups=some.subject_ids) == 0
    found: dict[str, str] = {}
    for name, told in strongest(some.features, some.events, halves=halves, most=_MEASURES):
        area = auc(
            [Cases(scores=told[h], events=some.events[h], clusters=some.subject_ids[h]) for h in (halves, ~halves)]
        )
        if area.value is not None and area.value > OVERALL:
            evidence = (
                f"by itself {Feature(name=name, nature=Nature.NUMBER).words} ranks with AUC {area.value:.2f} "
                f"(above {OVERALL:.2f}). Are such rows made only of those who will have the outcome?"
            )
            found = {**_family(name, some, evidence), **found}
    return found


def _family(name: str, pool: Pool, evidence: str) -> dict[str, str]:
    """The same evidence for every window of a count."""
    wanted = Feature(name=name, nature=Nature.NUMBER).family
    return {n: evidence for n in pool.features.names if Feature(name=n, nature=Nature.NUMBER).family == wanted}


def _together(pool: Pool, fields: Sequence[str]) -> float | None:
    """AUC of an additive model of the fields, on cases left out at random."""
    some = _some(pool, fields)
    if some is None:
        return None
    told = fit_additive(some.features, some.events, groups=some.subject_ids).out_of_fold
    if told is None or np.isnan(told).any():
        return None
    return auc([Cases(scores=told, events=some.events, clusters=some.subject_ids)]).value


def _some(pool: Pool, fields: Sequence[str]) -> Pool | None:
    """Up to 6,000 cases of some fields; None where there is too little to look at."""
    if not fields or pool.event_count < FEWEST_EVENTS:
        return None
    return pool.select(fields).take(np.arange(0, len(pool.events), -(-len(pool.events) // _SCANNED)))
