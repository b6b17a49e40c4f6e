"""What is known of each case: ordered, named columns of numbers and categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rapport.engine.errors import DataError
from rapport.engine.statistics.auc import Floats

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Numbers:
    """A numeric column: float64, nan where unknown. Infinite values are unknown too."""

    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.generic]) -> Numbers:
        return Numbers(self.values[rows])


@dataclass(frozen=True)
class Categories:
    """A column of texts, coded: `levels[code]` is the text, code -1 is unknown."""

    codes: Codes
    levels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: NDArray[np.generic]) -> Categories:
        return Categories(self.codes[rows], self.levels)


Column = Numbers | Categories


@dataclass(frozen=True)
class Features:
    """One row per case, one column per feature, in order.

    Built by `Features.of` (arrays) or `Features.from_arrow`; all columns have the same length.
    """

    columns: Mapping[str, Column]

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise DataError("Columns of features differ in length.", received=lengths)

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> Features:
        """From arrays: numbers stay numbers, all else (booleans as "true", "false") is a category; None is unknown."""
        return cls({name: _column(values) for name, values in columns.items()})

    @classmethod
    def from_arrow(cls, rows: pa.Table | pa.RecordBatch, names: Sequence[str] | None = None) -> Features:
        """From Arrow columns (`names`: only these, in this order): numbers and decimals are numbers, instants and
        dates are days since 1970, texts and booleans are categories; null is unknown."""
        chosen = rows.schema.names if names is None else names
        return cls({name: _from_arrow(rows.column(name)) for name in chosen})

    def to_arrow(self) -> pa.Table:
        """float64 and string columns, null where unknown."""
        return pa.table({name: _to_arrow(column) for name, column in self.columns.items()})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)

    @property
    def count(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def take(self, rows: NDArray[np.generic]) -> Features:
        """Some rows, by position or by flag."""
        return Features({name: column.take(rows) for name, column in self.columns.items()})

    def select(self, names: Sequence[str]) -> Features:
        return Features({name: self.columns[name] for name in names})

    def without(self, *names: str) -> Features:
        return self.select([name for name in self.columns if name not in names])


def _column(values: Any) -> Column:
    if isinstance(values, Numbers | Categories):
        return values
    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        return Numbers(_finite(array.astype(np.float64)))
    return _from_arrow(pa.array(array.tolist()))


def _finite(values: Floats) -> Floats:
    unknown = ~np.isfinite(values)
    return np.where(unknown, np.nan, values) if unknown.any() else values


def _from_arrow(column: pa.Array | pa.ChunkedArray) -> Column:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        microseconds = column.cast(pa.timestamp("us", getattr(kind, "tz", None))).cast(pa.int64())
        days = pc.divide(microseconds.cast(pa.float64(), safe=False), 86_400_000_000.0)
        return Numbers(days.to_numpy(zero_copy_only=False))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Numbers(_finite(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)))
    return _categories(column)


def _categories(column: pa.Array) -> Categories:
    if pa.types.is_null(column.type):
        return Categories(np.full(len(column), -1, dtype=np.int32), ())
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "true", "false")
    coded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    levels = [str(level) for level in coded.dictionary.to_pylist()]
    order = sorted(range(len(levels)), key=levels.__getitem__)
    place = np.empty(len(levels) + 1, dtype=np.int32)
    place[order] = np.arange(len(levels), dtype=np.int32)
    place[-1] = -1
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Categories(place[codes], tuple(levels[i] for i in order))


def _to_arrow(column: Column) -> pa.Array:
    if isinstance(column, Numbers):
        return pa.array(column.values, pa.float64(), from_pandas=True)
    codes = pa.array(column.codes, mask=column.codes < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(column.levels, pa.string())).cast(pa.string())
