# ruff: noqa: E402 -- models may be imported only when Django is set up
"""Run as a process of its own: kills publishers and looks at what is left. Not a test itself.

    python publisher_under_fire.py steps           kills at each step of publishing, compaction and rebuild
    python publisher_under_fire.py moments 20      kills at 20 random moments
    python publisher_under_fire.py rivals 6        kills two publishers, one after the other, 6 times
    python publisher_under_fire.py readers 10      reads for 10 seconds beside a writer and a publisher
    python publisher_under_fire.py full            lets no file grow, as on a full disk, from each step on

The parent only imports and forks; children do the work, so that each may die without taking
the parent's threads with it. Prints what it found wrong and exits 1, else exits 0.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import django
import ibis.formats.pandas  # noqa: F401 -- see `main`
import pytest

django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.lake_errors import LakeWriteFailed
from rapport.workspace.crm.lake import compact, open_snapshot, publish, rebuild, vacuum, withdraw
from rapport.workspace.crm.lake.engines import new_runner
from rapport.workspace.crm.lake.models import LakeBatch, LakeState
from rapport.workspace.crm.lake.publishing import lake_of
from rapport.workspace.crm.lake.upkeep import take_out_withdrawn
from rapport.workspace.crm.records.models import AttributeValue, Contact, Interaction
from rapport.workspace.lib.declared import published_models
from rapport.workspace.queue.models import Lease

AT = datetime(2026, 3, 1, tzinfo=UTC)
WAIT = 300  # for a rival, who may be slow where many processes run
FILLED = ("contacts", "interactions", "attribute_history")


def add_rows(count: int) -> None:
    """Rows of three tables, committed together."""
    contacts = [Contact() for _ in range(count // 10)]
    with transaction.atomic():
        Contact.objects.bulk_create(contacts)
        AttributeValue.objects.bulk_create(
            AttributeValue(entity="contact", entity_id=contact.id, attribute="email", value="", valid_from=AT)
            for contact in contacts
        )
        Interaction.objects.bulk_create(
            Interaction(type="page_view", contact_id=f"c{n % 97}", occurred_at=AT + timedelta(seconds=n))
            for n in range(count)
        )


def work(checkpoint: Callable[[str], None] = lambda _step: None, *, hurry: bool = False) -> None:
    """Adds rows, publishes and keeps the lake in order, until killed; in a hurry, each turn takes every step."""
    turn = 0
    while True:
        turn += 1
        add_rows(1_100)
        publish(wait=WAIT, checkpoint=checkpoint)
        withdraw("interactions", random.sample(list(Interaction.objects.values_list("id", flat=True)[:1_000]), 10))
        if hurry or turn % 2 == 0:
            take_out_withdrawn(wait=WAIT, checkpoint=checkpoint)
        if hurry or turn % 3 == 0:
            compact(everything=True, wait=WAIT, checkpoint=checkpoint)
        if hurry or turn % 4 == 0:
            rebuild(wait=WAIT, checkpoint=checkpoint)
        if turn % 5 == 0:
            vacuum(keep_hours=0, wait=WAIT)


def killed_at(step: str, time_it_is_passed: int) -> Callable[[str], None]:
    """A checkpoint that kills its own process when a step is passed for the n-th time."""
    passed: Counter[str] = Counter()

    def checkpoint(name: str) -> None:
        passed[name] += 1
        if name == step and passed[name] == time_it_is_passed:
            os.kill(os.getpid(), signal.SIGKILL)

    return checkpoint


def look() -> None:
    """What a reader sees right after the kill, and what the lake holds after the next publishing."""
    same_rows("a snapshot right after the kill", from_snapshot())
    publish(wait=WAIT)
    same_rows("a snapshot after recovery", from_snapshot())
    take_out_withdrawn(wait=WAIT)
    same_rows("a snapshot after upkeep", from_snapshot())
    same_rows("the lake's own files", from_lake())
    for name, model in published_models().items():
        batches = set(model._default_manager.values_list("batch", flat=True))  # type: ignore[attr-defined]
        newest = LakeBatch.objects.get(table=name).batch
        assert batches == set(range(1, newest + 1)), f"{name}: batches {batches}, newest {newest}"
    assert not Lease.objects.filter(holder__gt="").exists(), "a lease is still held"


def from_snapshot() -> dict[str, list[str]]:
    with open_snapshot(tables=FILLED) as (snapshot, runner):
        return {
            name: runner.to_arrow(snapshot.tables[name].select("id"))["id"].to_pylist() if snapshot.has(name) else []
            for name in FILLED
        }


def from_lake() -> dict[str, list[str]]:
    lake = lake_of(LakeState.objects.get(id=1))
    deltas = {name: lake.delta(name) for name in FILLED}
    return {name: delta.to_pyarrow_table()["id"].to_pylist() if delta else [] for name, delta in deltas.items()}


def same_rows(what: str, found: dict[str, list[str]]) -> None:
    for name, ids in found.items():
        kept = set(published_models()[name]._default_manager.values_list("id", flat=True))  # type: ignore[attr-defined]
        doubled = [row for row, count in Counter(ids).items() if count > 1]
        assert not doubled, f"{what}: {len(doubled)} rows of {name} are doubled"
        assert set(ids) == kept, f"{what}: {len(kept - set(ids))} rows of {name} lost, {len(set(ids) - kept)} too many"
        assert set(TABLES[name].columns), name


def forked(run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        connection.close()
        sys.stdout.flush()
        os._exit(code)


def ended(pid: int) -> int:
    """The exit code of a child; minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def check(what: str) -> None:
    if ended(forked(look)) != 0:
        sys.exit(f"wrong after: {what}")


def kill_at_steps() -> None:
    places = [("claimed", 1), ("claimed", 5), ("sealed", 1), ("sealed", 3), ("appended", 1), ("appended", 3)]
    places += [("sorted", 1), ("sorted", 2), ("exchanged", 1), ("exchanged", 4), ("replaced", 1), ("replaced", 2)]
    for step, times in places:
        code = ended(forked(lambda step=step, times=times: work(killed_at(step, times), hurry=True)))  # type: ignore[misc]
        if code != -signal.SIGKILL:
            sys.exit(f"the publisher ended with {code} before it passed {step} {times} times")
        check(f"a kill at {step}, time {times}")


def kill_at_moments(count: int) -> None:
    for _ in range(count):
        moment = random.uniform(0.1, 2.5)
        pid = forked(work)
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        if (code := ended(pid)) != -signal.SIGKILL:
            sys.exit(f"the publisher ended by itself with {code}")
        check(f"a kill after {moment:.3f} seconds")


def kill_one_of_two(count: int) -> None:
    for _ in range(count):
        pids = [forked(work), forked(work)]
        for pid in pids:
            time.sleep(random.uniform(0.2, 1.5))
            os.kill(pid, signal.SIGKILL)
        codes = [ended(pid) for pid in pids]
        if codes != [-signal.SIGKILL] * 2:
            sys.exit(f"a publisher ended by itself: {codes}")
        check("two publishers were killed one after the other")


def write_rows() -> None:
    while True:
        add_rows(110)
        time.sleep(0.05)


def publish_and_tidy() -> None:
    while True:
        publish(wait=WAIT)
        compact(everything=True, wait=WAIT)
        rebuild(wait=WAIT)
        vacuum(keep_hours=0, wait=WAIT)


def read_snapshots(seconds: float) -> None:
    """Each snapshot shows whole transactions: of each, 11 contacts, 11 values and 110 interactions. At least four."""
    from_snapshot()  # imports take their time
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until or count < 4:
        least = Contact.objects.count()
        found = from_snapshot()
        most = Contact.objects.count()
        sizes = {name: len(ids) for name, ids in found.items()}
        assert all(len(set(ids)) == len(ids) for ids in found.values()), "doubled rows"
        assert least <= sizes["contacts"] <= most, (least, sizes, most)
        assert sizes["interactions"] == 10 * sizes["contacts"] == 10 * sizes["attribute_history"], sizes
        count += 1


def read_beside(seconds: int) -> None:
    busy = [forked(write_rows), forked(publish_and_tidy)]
    codes = [ended(pid) for pid in [forked(lambda: read_snapshots(seconds)) for _ in range(2)]]
    for pid in busy:
        os.kill(pid, signal.SIGKILL)
    if [ended(pid) for pid in busy] != [-signal.SIGKILL] * 2 or codes != [0, 0]:
        sys.exit(f"readers: {codes}")
    check("reading beside a writer and a publisher")


def no_file_grows_from(step: str, size: int) -> Callable[[str], None]:
    """A checkpoint after which this process can write no file beyond `size` bytes."""

    def checkpoint(name: str) -> None:
        if name == step:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return checkpoint


def fill_the_disk(step: str, size: int) -> None:
    """The disk is full from a step on: a clear error, no row lost or doubled, and all goes on when there is space."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    add_rows(1_100)
    publish(wait=WAIT)
    add_rows(1_100)
    with pytest.raises(LakeWriteFailed, match="disk is full"):
        write_until_full(no_file_grows_from(step, size))
    look()


def write_until_full(checkpoint: Callable[[str], None]) -> None:
    try:
        publish(wait=WAIT, checkpoint=checkpoint)
        compact(everything=True, wait=WAIT, checkpoint=checkpoint)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def fill_disks() -> None:
    for step, size in (("sealed", 2_000), ("sorting", 2_000), ("sorted", 100)):
        if ended(forked(lambda step=step, size=size: fill_the_disk(step, size))) != 0:  # type: ignore[misc]
            sys.exit(f"wrong with a disk that was full after {step}")


def main() -> None:
    mode, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    random.seed(int(os.environ.get("RAPPORT_TEST_SEED", time.time_ns())))
    if ended(forked(lambda: call_command("migrate", verbosity=0))) != 0:
        sys.exit("the database could not be made")
    new_runner().close()  # imports what every child would have to import for itself
    if mode == "steps":
        kill_at_steps()
    elif mode == "moments":
        kill_at_moments(count)
    elif mode == "rivals":
        kill_one_of_two(count)
    elif mode == "readers":
        read_beside(count)
    else:
        fill_disks()


if __name__ == "__main__":
    main()
