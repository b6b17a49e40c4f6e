"""How good the records are."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.quality.figure import MeanOverObjects
from rapport.engine.metrics.quality.rules import OBJECTS
from rapport.engine.metrics.relations.data_quality import DATA_QUALITY
from rapport.engine.metrics.shapes import STANDING_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOURCE = (
    "Own rules by completeness, validity, uniqueness, consistency and timeliness, declared in `quality/rules.py`. "
    "A cell is required where a rule applies to it; a rule whose column no source fills is not applied."
)
_TIME = "records as they stood at the end of the period"
_IDS = ("data_quality_score", "data_quality_score_cells", "fully_valid_share")

DATA_QUALITY_SCORE = MetricSpec(
    id="data_quality_score",
    name="Data quality",
    room="retention",
    sentence="Share of required cells that are valid, as a mean over contacts, accounts, deals and orders.",
    formula="mean over objects of valid required cells / required cells",
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Each object counts once, however many records it has. By rule it tells what to mend first.",
    not_when="You need records without any fault: see fully valid records.",
    relation=DATA_QUALITY,
    figure=MeanOverObjects(total("valid_cells"), total("required_cells"), objects=OBJECTS),
    variants=tuple(i for i in _IDS if i != "data_quality_score"),
)

DATA_QUALITY_SCORE_CELLS = MetricSpec(
    id="data_quality_score_cells",
    name="Data quality, by cells",
    room="retention",
    sentence="Share of all required cells that are valid.",
    formula="valid required cells / required cells",
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Objects count by their cells: orders and contacts carry it.",
    not_when="One object has far more records than the others.",
    relation=DATA_QUALITY,
    figure=Ratio(total("valid_cells"), total("required_cells")),
    variants=tuple(i for i in _IDS if i != "data_quality_score_cells"),
)

FULLY_VALID_SHARE = MetricSpec(
    id="fully_valid_share",
    name="Fully valid records",
    room="retention",
    sentence="Share of records of which every required cell is valid.",
    formula="records without a broken rule / records that a rule applies to",
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="The hard one: a single fault counts the record out. By rule it is the share that keeps the rule.",
    not_when="Rules are added: it can only fall then.",
    relation=DATA_QUALITY,
    figure=Ratio(count("fully_valid"), count(), proportion=True),
    variants=tuple(i for i in _IDS if i != "fully_valid_share"),
)
