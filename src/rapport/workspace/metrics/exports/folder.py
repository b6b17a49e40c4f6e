"""A folder of exports: every export is a whole version of its own, and readers are led to the newest by a link.

    FOLDER/current            a link to the newest complete version; exchanged in one step
    FOLDER/versions/<when>/   _manifest.json, <table>/<table>.parquet or <table>/month=2026-03/<table>.parquet
    FOLDER/.making/           the export under way, gone on with after it was broken off

Files that did not change are the same files (hard links) in two versions, so that a version costs what has changed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rapport.engine.errors import DataError, DefinitionError

MANIFEST = "_manifest.json"
CURRENT, _VERSIONS, _MAKING, _DONE, _LOCK = "current", "versions", ".making", "_done.jsonl", ".lock"


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a version. path: within the version; made_from: fingerprint of its rows and of how they are told."""

    path: str
    partition: str | None
    rows: int
    bytes: int
    sha256: str
    made_from: str | None


class ExportFolder:
    """A folder that holds exports. One process at a time writes: `writing`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.making = folder / _MAKING

    def last(self) -> dict[str, Any] | None:
        """The manifest of the newest complete version; None where there is none."""
        try:
            found: dict[str, Any] = json.loads((self.folder / CURRENT / MANIFEST).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder. Raises: DefinitionError where it is used for something else; DataError where another
        export is writing or links are not possible there."""
        self._check()
        try:
            (self.folder / _VERSIONS).mkdir(parents=True, exist_ok=True)
            opened = (self.folder / _LOCK).open("w")
        except OSError as error:
            raise DefinitionError(
                f"Nothing can be written there: {error.strerror}.", where="export parquet", received=str(self.folder)
            ) from error
        with opened as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataError("Another export is writing there.", where=str(self.folder)) from error
            self._check_links()
            yield

    def begin(self, how: Mapping[str, Any]) -> dict[str, File]:
        """Files made already by an export that was broken off, by path; those of another kind are thrown away."""
        told = json.dumps(how, sort_keys=True)
        chosen = self.making / "_how.json"
        if chosen.exists() and chosen.read_text("utf-8") == told:
            return {file.path: file for file in self._done()}
        shutil.rmtree(self.making, ignore_errors=True)
        self.making.mkdir()
        chosen.write_text(told, "utf-8")
        return {}

    def kept(self, file: File) -> File:
        """Take over a file of the newest version as it is."""
        target = self.making / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        _link(self.folder / CURRENT / file.path, target)
        return file

    def done(self, file: File) -> None:
        """Note that a file is complete, so that it need not be made again."""
        with (self.making / _DONE).open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(asdict(file)) + "\n")

    def finish(self, manifest: Mapping[str, Any], *, now: datetime) -> Path:
        """Make the export under way the newest version, at once; the version before stays for who is reading it."""
        before = os.path.realpath(self.folder / CURRENT) if (self.folder / CURRENT).exists() else ""
        self._clear({file["path"] for table in manifest["tables"].values() for file in table["files"]})
        (self.making / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
        version = self.folder / _VERSIONS / now.strftime("%Y%m%dT%H%M%S%fZ")
        self.making.rename(version)
        self._lead_to(version)
        for other in (self.folder / _VERSIONS).iterdir():
            if str(other.resolve()) not in (before, str(version.resolve())):
                shutil.rmtree(other, ignore_errors=True)
        return version

    def _clear(self, told: Collection[str]) -> None:
        """Delete what the manifest does not tell: notes, and files whose rows went while the export was broken off."""
        for file in [path for path in self.making.rglob("*") if path.is_file()]:
            if file.relative_to(self.making).as_posix() not in told:
                file.unlink()

    def _lead_to(self, version: Path) -> None:
        link = self.folder / f".{CURRENT}"
        link.unlink(missing_ok=True)
        link.symlink_to(version.relative_to(self.folder))
        link.replace(self.folder / CURRENT)

    def _check(self) -> None:
        if not self.folder.exists():
            return
        if not self.folder.is_dir():
            raise DefinitionError("That is a file.", where="export parquet", received=str(self.folder))
        ours = {CURRENT, _VERSIONS, _MAKING, _LOCK, f".{CURRENT}", ".link"}
        if others := sorted(entry.name for entry in self.folder.iterdir() if entry.name not in ours):
            raise DefinitionError(
                "The folder holds something else.", where="export parquet", received=f"{self.folder}: {others[0]}",
                next_step="Choose an empty folder or one of an earlier export.",
            )  # fmt: skip

    def _check_links(self) -> None:
        probe = self.folder / ".link"
        try:
            probe.unlink(missing_ok=True)
            probe.symlink_to(_VERSIONS)
            probe.unlink()
        except OSError as error:
            raise DataError(
                "The file system there knows no links, which lead readers to the newest export.",
                where=str(self.folder), next_step="Export to a local disk and copy `current` from there.",
            ) from error  # fmt: skip

    def _done(self) -> Iterator[File]:
        """Files noted as complete that are still there; a note that was cut off by a crash counts for nothing."""
        notes = self.making / _DONE
        for line in notes.read_text("utf-8").splitlines() if notes.exists() else ():
            try:
                file = File(**json.loads(line))
            except (ValueError, TypeError):
                continue
            path = self.making / file.path
            if path.is_file() and path.stat().st_size == file.bytes:
                yield file


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without hard links
        shutil.copy2(source, target)
