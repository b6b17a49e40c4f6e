"""Which encoding and which delimiter a text file has."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections import Counter
from io import TextIOWrapper
from pathlib import Path
from typing import IO

import charset_normalizer

SAMPLE = 256 * 1024
DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LATIN = ["cp1252", "cp1250", "cp1254", "mac_roman"]
_OTHERS = ["cp1251", "cp1253", "shift_jis", "gb18030", "big5", "euc_kr"]
_MOSTLY_ASCII = 0.3


def opened_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is gzipped."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def opened_text(path: Path, encoding: str) -> IO[str]:
    """The file's text. A byte that is none in this encoding becomes a lone surrogate: its row can be refused."""
    return TextIOWrapper(opened_bytes(path), encoding=encoding, errors="surrogateescape", newline="")


def guessed_encoding(path: Path) -> str:
    """By its byte order mark, else UTF-16 by its NULs, else UTF-8 where all of it is, else the likeliest other."""
    with opened_bytes(path) as file:
        sample = file.read(SAMPLE)
        for mark, name in _MARKS:
            if sample.startswith(mark):
                return name
        if (wide := _wide(sample)) is not None:
            return wide
        foreign = _not_utf8(sample, file)
    if foreign is None:
        return "utf-8"
    return _likeliest(foreign)


def _likeliest(piece: bytes) -> str:
    """Judged by the lines that are not ASCII. Latin scripts are ASCII for the most part, others are not."""
    telling = b"\n".join(line for line in piece.splitlines() if not line.isascii())
    beyond = sum(byte >= 0x80 for byte in telling)
    among = _LATIN if beyond < _MOSTLY_ASCII * len(telling) else _OTHERS
    best = charset_normalizer.from_bytes(telling, cp_isolation=among).best()
    return best.encoding if best else among[0]


def _wide(sample: bytes) -> str | None:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if not max(even, odd) or max(even, odd) < len(sample) // 5:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _not_utf8(sample: bytes, file: IO[bytes]) -> bytes | None:
    """The first piece of the file that is not UTF-8, None where all of it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    piece = sample
    while piece:
        try:
            decoder.decode(piece)
        except UnicodeDecodeError:
            return piece
        piece = file.read(SAMPLE)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return sample
    return None


def guessed_delimiter(text: str) -> str:
    """The delimiter that splits most lines of a sample into the same number of cells, more than one."""
    first = text.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4]
    return max(DELIMITERS, key=lambda mark: _evenness(text, mark))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    lines = text.splitlines(keepends=True)
    try:
        rows = [len(row) for row in csv.reader(lines[:200], delimiter=delimiter) if row]
    except csv.Error:
        return (0.0, 0)
    if not rows or rows[0] < 2:
        return (0.0, 0)
    width, count = Counter(rows).most_common(1)[0]
    return (count / len(rows) if width > 1 else 0.0, rows[0])
