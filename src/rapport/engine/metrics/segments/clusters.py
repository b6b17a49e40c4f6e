"""Groups of subjects that behave alike: sought on a sample, described, frozen; then everyone is placed in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.metrics.segments.behaviour import Behaviour, behaviour
from rapport.engine.metrics.segments.naming import Trait, description, names_of
from rapport.engine.runner import Runner
from rapport.engine.statistics.clusters.choosing import Tried
from rapport.engine.statistics.clusters.model import Clusters, Feature, find_clusters
from rapport.engine.statistics.clusters.scaling import Floats, scaled

SAMPLE = 50_000
_EVEN = {"tenure"}  # the features that are not skewed; shares are not either
_SCHEMA = pa.schema([("subject_id", pa.string()), ("cluster", pa.int64())])


@dataclass(frozen=True, kw_only=True)
class Group:
    """One cluster. Attributes: number from 0, the largest first; share of all who are active; traits, the strongest
    first; description, a sentence or two; name, as proposed."""

    number: int
    size: int
    share: float
    traits: tuple[Trait, ...]
    name: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """What a search came to.

    Attributes:
        model: None where there are no clear groups; `reason` then says why.
        names: the features that the model reads. sampled: how many subjects it was fitted on, of `active`.
    """

    subject: str
    names: tuple[str, ...]
    active: int
    sampled: int
    model: Clusters | None
    reason: str
    groups: tuple[Group, ...]
    tried: tuple[Tried, ...]


def find_groups(view: AsOf, *, subject: str, runner: Runner, k: int | None = None, seed: int = 0) -> Grouping:
    """Groups of contacts or accounts by what they did in the year up to the view's instant.

    Parameters: k, so many groups, however well they stand apart; None chooses, and may find none.
    The same facts give the same groups. Raises: MissingTable without contacts (accounts).
    """
    found = behaviour(view, subject=subject, runner=runner)
    rows = runner.cache(found.rows)
    ids = sorted(runner.to_arrow(rows.select("subject_id"))["subject_id"].to_pylist())
    chosen = _sample(ids, seed)
    wanted = rows if len(chosen) == len(ids) else _only(rows, chosen, runner)
    values = _values(runner.to_arrow(wanted).sort_by("subject_id"), found.names)
    features = [Feature(name=n, is_log=":" not in n and n not in _EVEN, block=_block(n)) for n in found.names]
    sought = find_clusters(features, values, k=k, seed=seed)
    groups = _described(sought.clusters, values, active=len(ids), view=view) if sought.clusters else ()
    return Grouping(
        subject=subject,
        names=found.names,
        active=len(ids),
        sampled=len(chosen),
        model=sought.clusters,
        reason=sought.reason,
        groups=groups,
        tried=sought.tried,
    )


def placed(model: Clusters, names: tuple[str, ...], view: AsOf, *, subject: str, runner: Runner) -> ir.Table:
    """One row per active subject: subject_id, cluster (its number). By batches, so that any number of them fits."""
    found: Behaviour = behaviour(view, subject=subject, runner=runner, names=names)
    if not found.names:
        return runner.from_arrow(_SCHEMA.empty_table())
    return runner.map_batches(found.rows, partial(_place, model.to_document()), _SCHEMA)


def _place(document: Mapping[str, Any], batch: pa.RecordBatch) -> pa.RecordBatch:
    model = Clusters.from_document(document)
    names = tuple(scale.name for scale in model.scales)
    assigned = model.assign(_values(pa.table(batch), names))
    return pa.RecordBatch.from_arrays([batch["subject_id"].cast(pa.string()), pa.array(assigned)], schema=_SCHEMA)


def _sample(ids: list[str], seed: int) -> list[str]:
    if len(ids) <= SAMPLE:
        return ids
    picked = np.sort(np.random.default_rng(seed).choice(len(ids), SAMPLE, replace=False))
    return [ids[place] for place in picked]


def _only(rows: ir.Table, ids: list[str], runner: Runner) -> ir.Table:
    return rows.semi_join(runner.from_arrow(pa.table({"subject_id": pa.array(ids, pa.string())})), "subject_id")


def _values(rows: pa.Table, names: tuple[str, ...]) -> dict[str, Floats]:
    """By feature; nan where unknown."""
    return {name: rows[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in names}


def _block(name: str) -> str:
    return name.partition(":")[0] if ":" in name else ""


def _described(model: Clusters, values: Mapping[str, Floats], *, active: int, view: AsOf) -> tuple[Group, ...]:
    labels = model.assign(values)
    counts = np.bincount(labels, minlength=len(model.centroids))
    everyone = [_traits(model, values, labels == number) for number in range(len(counts))]
    named = names_of(everyone)
    return tuple(
        Group(
            number=number,
            size=round(active * int(counts[number]) / len(labels)),
            share=float(counts[number] / len(labels)),
            traits=everyone[number],
            name=named[number],
            description=description(everyone[number], currency=view.snapshot.currency),
        )
        for number in range(len(counts))
    )


def _traits(model: Clusters, values: Mapping[str, Floats], inside: np.ndarray) -> tuple[Trait, ...]:
    """What sets a cluster apart: the difference of means in standard deviations, the largest first."""
    found = []
    for scale in model.scales:
        column = values[scale.name]
        moved = scaled(scale, column) / scale.weight
        ours, others = moved[inside], moved[~inside]
        spread = float(np.sqrt((ours.var() * len(ours) + others.var() * len(others)) / len(moved))) or 1.0
        found.append(
            Trait(
                name=scale.name,
                effect=float((ours.mean() - others.mean()) / spread),
                here=_typical(scale.name, column[inside]),
                elsewhere=_typical(scale.name, column[~inside]),
            )
        )
    return tuple(sorted(found, key=lambda trait: (-abs(trait.effect), trait.name)))


def _typical(name: str, column: Floats) -> float | None:
    """The mean of a share, the median of anything else; None where nothing is known."""
    known = column[~np.isnan(column)]
    if not len(known):
        return None
    return float(known.mean() if ":" in name else np.median(known))
