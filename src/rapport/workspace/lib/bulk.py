"""Many rows at once: COPY on PostgreSQL, one prepared statement run many times on SQLite."""

from __future__ import annotations

import gc
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from rapport.workspace.lib.fields import ScaledDecimalField

Converter = Callable[[Any], Any]
_AT_ONCE = 500


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """While many short-lived rows are made: the collector would walk all of them again and again and find nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def insert(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert rows; one tuple per row with the Python values of `columns` (attribute names: `owner_id`).

    Columns that are not named get the model's default, evaluated once for all rows; the database numbers rows itself.
    """
    if not rows:
        return
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    fields = [by_name[name] for name in columns]
    rest = [
        f for f in model._meta.concrete_fields if f.attname not in set(columns) and not isinstance(f, models.AutoField)
    ]
    series = [_converted(field, values) for field, values in zip(fields, zip(*rows, strict=True), strict=True)]
    series += [_converted(field, [field.get_default()]) * len(rows) for field in rest]
    names = ", ".join(f'"{field.column}"' for field in (*fields, *rest))
    _load(f'"{model._meta.db_table}" ({names})', len(series), _rows(series))


def update(model: type[models.Model], changes: Iterable[tuple[object, Mapping[str, object]]]) -> None:
    """Set the named columns of the row with each id."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    alike: dict[tuple[str, ...], list[tuple[object, ...]]] = defaultdict(list)
    for row_id, values in changes:
        alike[tuple(sorted(values))].append((*(values[name] for name in sorted(values)), row_id))
    with connection.cursor() as cursor:
        for names, rows in alike.items():
            if not names:
                continue
            fields = [*(by_name[name] for name in names), model._meta.pk]
            series = [_converted(f, v) for f, v in zip(fields, zip(*rows, strict=True), strict=True) if f is not None]
            assigned = ", ".join(f'"{by_name[name].column}" = %s' for name in names)
            statement = f'UPDATE "{model._meta.db_table}" SET {assigned} WHERE "id"'  # noqa: S608 -- our own names
            if all(values.count(values[0]) == len(values) for values in series[:-1]):
                _at_once(cursor, statement, [values[0] for values in series[:-1]], series[-1])
            else:
                cursor.executemany(f"{statement} = %s", _rows(series))


def _at_once(cursor: CursorWrapper, statement: str, values: list[Any], ids: Sequence[Any]) -> None:
    """The same values for many rows."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        cursor.execute(f"{statement} IN ({', '.join(['%s'] * len(some))})", [*values, *some])


def _rows(series: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*series, strict=True))


def _load(target: str, width: int, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * width)
        cursor.executemany(f"INSERT INTO {target} VALUES ({marks})", rows)  # noqa: S608 -- our own names


def _converted(field: models.Field[Any, Any], values: Sequence[object]) -> list[object]:
    convert = _converter(field)
    if convert is None:
        return list(values)
    return [None if value is None else convert(value) for value in values]


def _converter(field: models.Field[Any, Any]) -> Converter | None:
    """How a Python value is written; None where the driver takes it as it is."""
    if isinstance(field, ScaledDecimalField):
        return field.get_prep_value
    if isinstance(field, models.JSONField):
        return _json
    if connection.vendor != "sqlite":
        return None
    if isinstance(field, models.DateTimeField):
        return _Instants()
    if isinstance(field, models.DateField):
        return date.isoformat
    return int if isinstance(field, models.BooleanField) else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Instants:
    """Instants as Django keeps them in SQLite: UTC without a zone. Remembers, since many rows share an instant."""

    def __init__(self) -> None:
        self._known: dict[datetime, str] = {}

    def __call__(self, value: datetime) -> str:
        text = self._known.get(value)
        if text is None:
            text = str(value.astimezone(UTC).replace(tzinfo=None))
            self._known[value] = text
        return text
