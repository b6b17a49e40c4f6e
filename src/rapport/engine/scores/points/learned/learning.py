"""A points card learned from a company's own past, written as a points definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import table_of
from rapport.engine.errors import DataError
from rapport.engine.runner import Runner
from rapport.engine.scores.conversion.cases import Cases, training_cut_offs
from rapport.engine.scores.conversion.guard import guarded
from rapport.engine.scores.conversion.learning import Pool
from rapport.engine.scores.conversion.model import Leak
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.features.frame import Layout
from rapport.engine.scores.features.plan import feature_plan
from rapport.engine.scores.outcome import outcome_of
from rapport.engine.scores.points.learned.card_definition import card_definition
from rapport.engine.scores.points.learned.terms import expressible
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.statistics.card import Card, fit_card

MOST_CASES = 40_000


@dataclass(frozen=True)
class LearnedPoints:
    """A card and the draft that says it.

    Attributes:
        cut_offs: whose cases were learned from. left_out: feature -> reason. leaks: what seemed to know the outcome.
    """

    definition: PointsDefinition
    card: Card
    cut_offs: tuple[datetime, ...]
    left_out: Mapping[str, str]
    leaks: tuple[Leak, ...]


def learned_points(
    like: ScoreDefinition,
    view: AsOf,
    *,
    runner: Runner,
    size: int = 10,
    bins: int = 5,
    total: int = 100,
    monotone: Mapping[str, int] | None = None,
    keep: Sequence[str] = (),
    accept_leak: bool = False,
) -> LearnedPoints:
    """A draft with the name, subject, audience and outcome of `like`, learned from what is known at the view's instant.

    Features are those of the conversion kind that criteria can say, as known at past cut-offs; what knew the
    outcome is left out, unless `keep` names it. Raises: DataError where there is
    nothing to learn from, and where undated fields together know too much (unless `accept_leak`).
    """
    asked = conversion_like(like).model_copy(update={"keep": tuple(keep)})
    cut_offs = past_cut_offs(asked, view, runner=runner)
    plan = feature_plan(view, like.subject, runner=runner, keep=keep)
    sayable = [f for f in plan.features if expressible(f, subject=like.subject)]
    unsayable = {f.name: "no criterion can say it" for f in plan.features if f not in sayable}
    cases = Cases.of(asked, view, cut_offs, runner=runner, most=MOST_CASES)
    layout = Layout.of(sayable, like.subject)
    periods = [period for cut_off in cut_offs if (period := cases.at(cut_off, layout)).count]
    if not periods or not sayable:
        raise DataError("There is nothing to learn points from.", where=like.name, allowed=sorted(unsayable) or None)
    pool = Pool.of(periods)
    found = guarded(asked, view, pool, runner=runner)
    if found.blocks and not accept_leak:
        raise DataError(
            "Fields whose dates prove nothing tell the outcome together too well to be true.",
            where=like.name,
            received=f"AUC {found.overall:.3f}",
            next_step="Find those that are filled because of the outcome, or accept the leak.",
        )
    pool = pool.select(found.names)
    card = fit_card(
        pool.features, pool.events, groups=pool.subject_ids, size=size, bins=bins, total=total, monotone=monotone
    )
    flagged = {leak.name: leak.evidence for leak in found.leaks if not leak.kept}
    left_out = {**plan.left_out, **unsayable, **flagged}
    return LearnedPoints(card_definition(card, sayable, like=like), card, cut_offs, left_out, found.leaks)


def conversion_like(definition: ScoreDefinition) -> ConversionDefinition:
    """The predictive score of the same outcome and audience, whose cases are learned from."""
    return ConversionDefinition(
        name=definition.name,
        subject=definition.subject,
        outcome=outcome_of(definition),
        audience=definition.audience,
        time_zone=definition.time_zone,
    )


def past_cut_offs(asked: ConversionDefinition, view: AsOf, *, runner: Runner) -> tuple[datetime, ...]:
    """The cut-offs to learn from. Raises: DataError where no window is over yet."""
    found = training_cut_offs(asked, view, runner=runner) if view.has(table_of(asked.outcome.event)) else ()
    if not found:
        raise DataError(
            f"There is no past window of {asked.outcome.within_days} days to learn from.",
            where=asked.name,
            next_step=f"Import {table_of(asked.outcome.event)} with more of the past, or choose a shorter window.",
        )
    return found
