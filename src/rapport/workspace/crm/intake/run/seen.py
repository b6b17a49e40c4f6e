"""Which rows of a file were already seen, by what names them; kept in a temporary file, not in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b


class Seen:
    """Keys of the rows of one file, each with the number of the first row that had it."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # "" is a temporary file, removed when closed
        self._database.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        self._database.execute("PRAGMA cache_size = -16000")
        self._database.execute("PRAGMA synchronous = OFF")

    def first_rows(self, keys: Sequence[tuple[int, Sequence[str]]]) -> dict[int, int]:
        """For rows with keys, in order: the earlier row that had one of them, by number; then remembers them all."""
        hashed = [(number, [_hash(key) for key in names]) for number, names in keys]
        earlier = self._stored({key for _, names in hashed for key in names})
        found: dict[int, int] = {}
        new: dict[int, int] = {}
        for number, names in hashed:
            first = next((earlier[key] for key in names if key in earlier and earlier[key] != number), None)
            if first is not None:
                found[number] = first
                continue
            for key in names:
                if key not in earlier:
                    earlier[key] = new[key] = number
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", new.items())
        self._database.execute("COMMIT")
        return found

    def _stored(self, keys: set[int]) -> dict[int, int]:
        wanted = list(keys)
        rows: dict[int, int] = {}
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            statement = f"SELECT key, row FROM seen WHERE key IN ({marks})"  # noqa: S608 -- marks only
            rows.update(self._database.execute(statement, some).fetchall())
        return rows

    def close(self) -> None:
        self._database.close()


def _hash(key: str) -> int:
    digest = blake2b(key.encode(errors="surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
