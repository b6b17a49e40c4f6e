"""The mapping screen: each column of the file with examples, its guessed target and what else can be chosen."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import available_timezones

from rapport.engine.crm.tables import TABLES, Type
from rapport.engine.errors import DefinitionError
from rapport.workspace.crm.intake.mapping.mapping import MappedColumn, Mapping
from rapport.workspace.crm.intake.mapping.names import fold
from rapport.workspace.crm.intake.mapping.settle import Sample, sample_of
from rapport.workspace.crm.intake.models import Import
from rapport.workspace.crm.intake.reading.files import open_file
from rapport.workspace.crm.intake.service import guessed_for
from rapport.workspace.crm.intake.values.choices import meanings
from rapport.workspace.pages.imports.targets import Group, groups, tables, target_of, value_of

_WORDS_SHOWN = 12


@dataclass(frozen=True)
class Word:
    """A word of the file in a column of choices that means none of ours yet."""

    name: str
    text: str
    chosen: str


@dataclass(frozen=True)
class Row:
    """One column of the file. name: of its form fields; dated: the order of day and month can be chosen."""

    name: str
    column: MappedColumn
    chosen: str
    examples: list[str]
    dated: bool
    words: list[Word]
    choices: tuple[str, ...]

    @property
    def certain(self) -> bool:
        return self.column.confidence >= 0.75


@dataclass(frozen=True)
class Screen:
    """What the mapping screen shows."""

    mapping: Mapping
    source: str
    rows: list[Row]
    groups: list[Group]
    tables: list[tuple[str, str]]
    missing: list[str]


def screen(found: Import, *, table: str = "") -> Screen:
    """The screen of an import; `table` guesses anew for another table."""
    opened = open_file(Path(found.path), how=found.how)
    mapping = Mapping.from_json(found.mapping)
    if table and table != mapping.table:
        mapping = guessed_for(opened, Path(found.path), table=table, source=found.source).mapping
    sample = sample_of(opened)
    return Screen(
        mapping=mapping,
        source=found.source,
        rows=[_row(mapping.table, n, column, sample) for n, column in enumerate(mapping.columns)],
        groups=groups(mapping.table),
        tables=tables(),
        missing=[c.name for c in TABLES[mapping.table].own_columns if c.required and c.name not in mapping.targets()],
    )


def submitted(found: Import, data: Dict[str, str]) -> tuple[Mapping, str]:
    """(mapping, source) as chosen on the screen. Raises: DefinitionError."""
    table = data.get("table", found.table)
    mapping = screen(found, table=table).mapping
    columns = tuple(_chosen(column, n, data) for n, column in enumerate(mapping.columns))
    zone = data.get("time_zone") or mapping.time_zone
    if zone not in available_timezones():
        raise DefinitionError("not a time zone", received=zone, next_step="Write it as Europe/Berlin.")
    currency = data.get("currency", "").strip().upper()
    constants = {
        **mapping.constants,
        **({"currency": currency} if currency and "currency" in TABLES[table].columns else {}),
    }
    changed = replace(
        mapping,
        columns=columns,
        time_zone=zone,
        country=data.get("country", "").strip().upper()[:2],
        constants=constants,
    )
    return changed, data.get("source", "").strip()[:100] or found.source


def _chosen(column: MappedColumn, n: int, data: Dict[str, str]) -> MappedColumn:
    value = data.get(f"target-{n}", value_of(column))
    if value != value_of(column):
        target, by = target_of(value, column.header)
        column = replace(column, target=target, by=by, confidence=1.0, note="")
    words = {
        key: data[f"means-{n}-{key}"] for key in data.get(f"words-{n}", "").split() if data.get(f"means-{n}-{key}")
    }
    return replace(column, dates=data.get(f"dates-{n}", column.dates), values={**column.values, **words})


def _row(table: str, n: int, column: MappedColumn, sample: Sample) -> Row:
    declared = TABLES[table].columns.get(column.target)
    kind = declared.type if declared is not None else None
    choices = declared.choices if declared is not None else ()
    return Row(
        name=str(n),
        column=column,
        chosen=value_of(column),
        examples=sample.examples(column.header),
        dated=kind in (Type.INSTANT, Type.DATE) or column.target in ("close_date", "modified_at"),
        words=_unknown_words(table, column, sample.column(column.header)) if choices else [],
        choices=choices,
    )


def _unknown_words(table: str, column: MappedColumn, texts: list[str]) -> list[Word]:
    known = meanings(table, column.target, {})
    words = {fold(text): text for text in texts}
    return [
        Word(key, text[:60], column.values.get(key, ""))
        for key, text in words.items()
        if key not in known and key.isalnum()
    ][:_WORDS_SHOWN]
