"""Which bucket of the lake a row lives in: the same number whichever engine asks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

BUCKETS = 16
BUCKET_KEYS = ("contact_id", "anonymous_id", "account_id")


def bucket_of(key: str, buckets: int = BUCKETS) -> int:
    """The first 8 bytes of the key's sha256, as a big-endian number, modulo `buckets`."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % buckets


def with_bucket(rows: pa.Table, *, keys: Sequence[str] = BUCKET_KEYS, buckets: int = BUCKETS) -> pa.Table:
    """`rows` with `bucket` (int32), from the first of `keys` that is not null; a row with none of them is in bucket 0.

    Each distinct key is hashed once: many rows of few contacts cost little.
    """
    key = pc.coalesce(*(rows[name].cast(pa.string()) for name in keys)).combine_chunks()
    coded = key.dictionary_encode()
    numbers = pa.array([bucket_of(k, buckets) for k in coded.dictionary.to_pylist()], pa.int32())
    bucket = pc.fill_null(numbers.take(coded.indices), 0) if len(numbers) else pa.array([0] * len(rows), pa.int32())
    return rows.append_column(pa.field("bucket", pa.int32()), bucket)
