"""NumPy columns as Arrow columns of the declared types, without a loop over rows.

In this package an instant is an int64 of microseconds since 1970 (UTC) and `NEVER` means null; money
is an int64 of 1/10,000 units; a reference is the row number of what is referred to, -1 means null.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.tables import TABLES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NEVER = np.iinfo(np.int64).min
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

PREFIX = {
    "accounts": "acc", "contacts": "con", "interactions": "int", "campaigns": "cam", "campaign_members": "mem",
    "deals": "dea", "deal_stage_visits": "vis", "proposals": "prp", "products": "prd", "orders": "ord",
    "order_lines": "lin", "contracts": "ctr", "cases": "cas", "case_events": "evt", "survey_answers": "ans",
    "users": "usr", "teams": "tea", "interaction_flags": "flg", "attribute_history": "val",
}  # fmt: skip


def ids(table: str, numbers: Ints) -> pa.StringArray:
    """`con000000042` for contact 42: text order is number order. Null for -1."""
    text = pc.utf8_lpad(pc.cast(pa.array(numbers, mask=numbers < 0), pa.string()), 9, "0")
    return pc.binary_join_element_wise(PREFIX[table], text, "")


def picked(values: Sequence[str | None], codes: npt.NDArray[np.integer]) -> pa.StringArray:
    """`values[code]` for each code. Null for -1."""
    return pa.array(values, pa.string()).take(pa.array(codes, mask=codes < 0))


def instants(microseconds: Ints) -> pa.Array:
    return pa.array(microseconds, pa.int64(), mask=microseconds == NEVER).cast(pa.timestamp("us", tz="UTC"))


def dates(microseconds: Ints) -> pa.Array:
    days = (microseconds // DAY).astype(np.int32)
    return pa.array(days, pa.int32(), mask=microseconds == NEVER).cast(pa.date32())


def money(units: Ints, null: Mask | None = None) -> pa.Array:
    """Decimal(18,4) from whole 1/10,000 units: the two words of a 128-bit integer, little end first."""
    words = np.empty((len(units), 2), np.int64)
    words[:, 0], words[:, 1] = units, units >> 63
    valid = None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(units), [valid, pa.py_buffer(words)])


def joined(*parts: object) -> pa.StringArray:
    """Texts joined row by row; a plain string stands for every row."""
    return pc.binary_join_element_wise(*parts, "")


def constant(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def table(name: str, columns: dict[str, object]) -> pa.Table:
    """A CRM table with the columns that are filled, in declared order and type, marked as simulated."""
    rows = len(columns["id"])  # type: ignore[arg-type]
    columns = {"source": constant("simulation", rows), "external_id": columns["id"], **columns}
    columns.setdefault("recorded_at", columns.get("created_at"))
    declared = TABLES[name].columns
    unknown = set(columns) - set(declared) - {"bucket"}
    if unknown:
        raise KeyError(f"{name} has no {sorted(unknown)}")
    named = {c.name: _typed(columns[c.name], c.arrow_type) for c in declared.values() if c.name in columns}
    if "bucket" in columns:
        named["bucket"] = pa.array(columns["bucket"], pa.int32())
    return pa.table(named)


def _typed(column: object, wanted: pa.DataType) -> pa.Array:
    array = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, wanted)
    return array if array.type == wanted else array.cast(wanted)
