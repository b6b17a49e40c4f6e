"""Rows handed to a writer of another thread, while they are read in this one.

delta-rs asks for rows from threads of its own; a database connection answers in its own thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue

import pyarrow as pa

_AHEAD = 2  # chunks read before the writer asks for them
_POLL_SECONDS = 0.2


def stream(chunks: Iterable[pa.Table], schema: pa.Schema, write: Callable[[pa.RecordBatchReader], None]) -> None:
    """Call `write` with a stream of the chunks in `schema`; they are never all in memory.

    Raises what reading raised, the writer having been told to give up; else what `write` raised.
    """
    handed: Queue[pa.Table | BaseException | None] = Queue(maxsize=_AHEAD)
    reader = pa.RecordBatchReader.from_batches(schema, _taken(handed, schema))
    with ThreadPoolExecutor(1, thread_name_prefix="lake-writer") as pool:
        writing = pool.submit(write, reader)
        failure = _hand_over(chunks, handed, writing)
    if failure is not None:
        raise failure
    writing.result()


def _hand_over(
    chunks: Iterable[pa.Table], handed: Queue[pa.Table | BaseException | None], writing: Future[None]
) -> BaseException | None:
    """What reading raised, if it did. Stops where the writer has ended."""
    try:
        for chunk in chunks:
            if not _put(chunk, handed, writing):
                return None
    except BaseException as error:
        _put(error, handed, writing)
        return error
    _put(None, handed, writing)
    return None


def _put(
    item: pa.Table | BaseException | None, handed: Queue[pa.Table | BaseException | None], writing: Future[None]
) -> bool:
    while not writing.done():
        try:
            handed.put(item, timeout=_POLL_SECONDS)
        except Full:
            continue
        return True
    return False


def _taken(handed: Queue[pa.Table | BaseException | None], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while (item := handed.get()) is not None:
        if isinstance(item, BaseException):
            raise OSError("The rows could not be read to the end.") from item
        yield from item.cast(schema).combine_chunks().to_batches()
