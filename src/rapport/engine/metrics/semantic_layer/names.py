"""Names of columns that every tool takes without quotes."""

from __future__ import annotations

# grains of time, which MetricFlow keeps for itself, and words of SQL that some database does not take as a column
_GRAINS = "second minute hour day week month quarter year metric_time"
_SQL = (
    "all and any as asc at between by case check column create cross current default delete desc distinct drop else "
    "end exists false for from full grant group having in inner insert interval into is join left like limit not "
    "null of offset on or order outer primary references right row rows select set some start table then to true "
    "union unique update user using values when where with"
)
_TAKEN = frozenset((*_GRAINS.split(), *_SQL.split()))


def safe_name(name: str) -> str:
    """The name, or `<name>_of_row` where it is a word of SQL or a grain of time."""
    return f"{name}_of_row" if name in _TAKEN else name
