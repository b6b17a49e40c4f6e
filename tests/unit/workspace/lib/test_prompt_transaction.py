"""A prompt transaction is a transaction, and looks again soon where the database is locked."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection

from rapport.workspace.crm.records.models import Contact
from rapport.workspace.lib import prompt_transaction as prompt
from rapport.workspace.lib.prompt_transaction import prompt_transaction


class _Locked:
    """A block that cannot be entered the first times."""

    def __init__(self, refusals: list[str]) -> None:
        self.refusals, self.entered = refusals, False

    def __enter__(self) -> None:
        if self.refusals:
            raise OperationalError(self.refusals.pop())
        self.entered = True


@pytest.mark.django_db(transaction=True)
class TestTransaction:
    def test_what_is_done_in_it_is_committed_together(self) -> None:
        with prompt_transaction():
            Contact.objects.create(id="a")
            assert connection.in_atomic_block
        assert not connection.in_atomic_block
        assert Contact.objects.count() == 1

    def test_nothing_is_left_where_it_fails(self) -> None:
        with pytest.raises(RuntimeError), prompt_transaction():  # noqa: PT012
            Contact.objects.create(id="a")
            raise RuntimeError
        assert not Contact.objects.exists()
        assert not connection.in_atomic_block

    def test_inside_another_it_is_a_part_of_that(self) -> None:
        with prompt_transaction(), prompt_transaction():
            Contact.objects.create(id="a")
        assert Contact.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite lets one write at a time")
class TestWaiting:
    def test_it_looks_until_the_lock_is_free_and_waits_as_before_afterwards(self) -> None:
        before = connection.cursor().execute("PRAGMA busy_timeout").fetchone()
        block = _Locked(["database is locked", "database table is locked"])
        prompt._enter(block)  # type: ignore[arg-type]
        assert block.entered
        usual = int(1000 * connection.settings_dict["OPTIONS"]["timeout"])
        assert connection.cursor().execute("PRAGMA busy_timeout").fetchone() == (usual,) == before

    def test_another_error_is_not_waited_for(self) -> None:
        with pytest.raises(OperationalError, match="disk I/O error"):
            prompt._enter(_Locked(["disk I/O error"]))  # type: ignore[arg-type]

    def test_it_gives_up_in_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prompt, "_LONGEST_SECONDS", 0.02)
        with pytest.raises(OperationalError, match="locked"):
            prompt._enter(_Locked(["database is locked"] * 10_000))  # type: ignore[arg-type]
