"""What can go wrong with the lake, and what to do then."""

from __future__ import annotations

import errno

from rapport.engine.errors import DataError


class LakeError(DataError):
    """The lake cannot be read or written as it stands."""


class LakeWriteFailed(LakeError):
    """The disk or the file system refused; nothing was committed, and the same batch can be written again."""

    retryable = True

    def __init__(self, table: str, error: BaseException) -> None:
        self.full = getattr(error, "errno", None) == errno.ENOSPC or any(
            sign in str(error) for sign in ("No space left", "File too large", "os error 28", "os error 27")
        )
        super().__init__(
            "The disk is full: the lake could not be written." if self.full else "The lake could not be written.",
            where=f"lake/{table}",
            received=None if self.full else str(error),
            next_step=("Free space on the lake's disk" if self.full else "See that the lake's folder can be written")
            + "; nothing is lost, the next publishing goes on where this one stopped.",
        )


class LakeBusy(LakeError):
    """Others kept committing to the table."""

    retryable = True

    def __init__(self, table: str, *, tries: int) -> None:
        super().__init__(
            f"Others committed to this table during each of {tries} tries.",
            where=f"lake/{table}",
            next_step="Only Rapport should write to the lake: stop what else does, and publish again.",
        )


class BatchOutOfOrder(LakeError):
    """The batch before the one to be added is not in the lake."""

    def __init__(self, table: str, *, batch: int, found: int) -> None:
        self.batch, self.found = batch, found
        super().__init__(
            f"Batch {batch} cannot follow batch {found}.",
            where=f"lake/{table}",
            next_step="The lake and the database do not fit together: run `rapport lake rebuild`.",
        )


class LakeMismatch(LakeError):
    """The lake and the database are not of the same history: one was restored, copied or lost."""

    def __init__(self, table: str, *, in_lake: int, in_database: int) -> None:
        self.in_lake, self.in_database = in_lake, in_database
        super().__init__(
            "The lake holds rows that this database has never published: the database was restored from an earlier "
            "state, or the lake belongs to another one."
            if in_lake > in_database
            else "The lake of this database is gone, or was restored from an earlier state.",
            where=f"lake/{table}",
            received=f"batch {in_lake} in the lake, batch {in_database} in the database",
            next_step="Run `rapport lake rebuild`: it makes the lake again from the database.",
        )


class LakeInUse(LakeError):
    """Readers hold files that were to be deleted."""

    retryable = True

    def __init__(self, folder: str, *, seconds: float) -> None:
        super().__init__(
            f"Others have been reading for {seconds:g} seconds, so that no file could be deleted.",
            where=folder,
            next_step="Try again when the runs under way have finished.",
        )
