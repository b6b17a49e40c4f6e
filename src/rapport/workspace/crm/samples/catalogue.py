"""The samples that can be loaded: what they are, how they reckon and how their rows are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from rapport.engine.crm.simulation import Simulation, simulate
from rapport.engine.errors import DefinitionError
from rapport.workspace.crm.samples.retailer_orders import order_tables
from rapport.workspace.crm.samples.retailer_people import people_tables
from rapport.workspace.crm.samples.retailer_source import last_sale, retailer_source


@dataclass(frozen=True)
class Sample:
    """Something to load.

    Attributes: templates, the keys of the score definitions that fit it.
    """

    name: str
    title: str
    is_simulated: bool
    time_zone: str
    currency: str
    templates: tuple[str, ...]


@dataclass(frozen=True)
class SampleTables:
    """Rows of a sample, typed as declared.

    Attributes:
        tables: by name; changeable columns hold the value of the instant of making.
        history: `attribute_history` of the columns that changed; an attribute that is named there, of
            that table, has all its values there. None: nothing changed.
    """

    tables: Mapping[str, pa.Table]
    history: pa.Table | None
    shift: timedelta = field(default=timedelta())


SAMPLES: Mapping[str, Sample] = {
    sample.name: sample
    for sample in (
        Sample(
            name="retailer",
            title="A grocer's households, 2017 (real, de-identified)",
            is_simulated=False,
            time_zone="America/New_York",
            currency="USD",
            templates=("retail-engagement", "retail-rfm"),
        ),
        Sample(
            name="software",
            title="A software company",
            is_simulated=True,
            time_zone="UTC",
            currency="EUR",
            templates=("b2b-software-readiness", "small-business-next-step"),
        ),
    )
}


def sample_named(name: str) -> Sample:
    if name not in SAMPLES:
        raise DefinitionError("There is no such sample.", received=name, allowed=tuple(SAMPLES))
    return SAMPLES[name]


def sample_tables(name: str, *, at: datetime, contacts: int = 2_000, interactions: int = 60_000) -> SampleTables:
    """The rows of a sample, up to the instant `at`.

    Parameters: contacts, interactions, the size of a simulated sample.
    """
    if sample_named(name).is_simulated:
        tables = simulate(Simulation(end=at, contacts=contacts, interactions=interactions))
        return SampleTables(tables, tables.pop("attribute_history"))
    source = retailer_source()
    shift = shift_to(last_sale(source), at)
    people, history = people_tables(source, shift=shift, at=at)
    return SampleTables({**people, **order_tables(source, shift=shift)}, history, shift)


def shift_to(last: datetime, at: datetime) -> timedelta:
    """The largest multiple of 7 days that keeps `last` at or before `at`, so that weekdays stay what they were."""
    return timedelta(days=7 * ((at - last) // timedelta(days=7)))
