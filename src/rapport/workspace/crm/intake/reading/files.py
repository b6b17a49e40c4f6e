"""Opening a file by what it holds, not by what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rapport.workspace.crm.intake.reading.csv_file import open_csv
from rapport.workspace.crm.intake.reading.json_lines import open_json_lines
from rapport.workspace.crm.intake.reading.parquet_file import open_parquet
from rapport.workspace.crm.intake.reading.rows import Opened, UnreadableFileError
from rapport.workspace.crm.intake.reading.text import opened_bytes
from rapport.workspace.crm.intake.reading.xlsx_file import open_xlsx

FORMS = ("CSV", "Excel .xlsx", "JSON lines", "Parquet", "and .gz of CSV and JSON lines")


def open_file(path: Path, *, how: Mapping[str, str] | None = None) -> Opened:
    """A file's header and rows.

    how: encoding, delimiter, sheet where they are not to be guessed.
    Raises: UnreadableFileError.
    """
    chosen = dict(how or {})
    if not path.is_file():
        raise UnreadableFileError("no such file", received=str(path))
    with opened_bytes(path) as file:
        start = file.read(4096)
    if start.startswith(b"PAR1"):
        return open_parquet(path)
    if start.startswith(b"PK\x03\x04"):
        return open_xlsx(path, sheet=chosen.get("sheet", ""))
    if start.startswith(b"\xd0\xcf\x11\xe0") or start.startswith(b"%PDF"):
        raise UnreadableFileError(
            "cannot be read", where=path.name, allowed=FORMS, next_step="Save it as .xlsx or .csv."
        )
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith((b"[{", b"[\n", b"[ ", b"[\r")):
        raise UnreadableFileError(
            "is one JSON list", where=path.name, next_step="Write one object on each line (JSON lines)."
        )
    if text.startswith(b"{"):
        return open_json_lines(path, encoding=chosen.get("encoding", ""))
    delimiter = {"tab": "\t"}.get(chosen.get("delimiter", ""), chosen.get("delimiter", ""))
    return open_csv(path, encoding=chosen.get("encoding", ""), delimiter=delimiter)
