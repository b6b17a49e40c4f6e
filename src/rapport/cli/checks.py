"""What `rapport doctor` looks at, one function a check."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from rapport.engine.errors import RapportError

_FREE_BYTES = 2_000_000_000
_STALE = timedelta(hours=26)
_WAITING = timedelta(minutes=15)


class Health(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What a check found; advice says what to do, where something is to be done."""

    name: str
    health: Health
    finding: str
    advice: str = ""


def checked(check: Callable[[], Finding]) -> Finding:
    """What a check found; a check that fails is a finding too."""
    try:
        return check()
    except RapportError as error:
        return Finding(check.__name__, Health.BROKEN, error.what, error.sentence)
    except Exception as error:
        return Finding(check.__name__, Health.BROKEN, repr(error)[:200], "See `rapport doctor` with RAPPORT_TRACE=yes.")


def python() -> Finding:
    from importlib.metadata import version

    parts = ", ".join(f"{name} {version(name)}" for name in ("django", "duckdb", "ibis-framework", "deltalake"))
    return Finding("python", Health.GOOD, f"{sys.version.split()[0]}; {parts}")


def home() -> Finding:
    from rapport.workspace.options import home_folder

    folder = home_folder()
    probe = folder / ".doctor"
    probe.write_text("", "utf-8")
    probe.unlink()
    free = shutil.disk_usage(folder).free
    found = f"{folder}, {free / 1e9:,.1f} GB free"
    if free < _FREE_BYTES:
        return Finding("home", Health.WARNING, found, "Little room is left; publishing and sorting the lake need some.")
    return Finding("home", Health.GOOD, found)


def settings() -> Finding:
    from django.conf import settings as chosen

    found = f"days of {chosen.REPORTING_TIME_ZONE}, sums in {chosen.BASE_CURRENCY}"
    if chosen.DEBUG:
        return Finding(
            "settings", Health.WARNING, found, "RAPPORT_DEBUG=yes shows errors in the browser; never on a server."
        )
    return Finding("settings", Health.GOOD, found)


def database() -> Finding:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    steps = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if steps:
        advice = "Any command that opens the workspace (`rapport serve`) brings it up to date."
        return Finding("database", Health.WARNING, f"{connection.vendor}, {steps} migrations behind", advice)
    return Finding("database", Health.GOOD, f"{connection.vendor}, up to date")


def administrator() -> Finding:
    from rapport.workspace.team.models import Role, User

    count = User.objects.filter(role=Role.ADMIN, is_active=True).count()
    if count:
        return Finding("administrator", Health.GOOD, f"{count} can sign in")
    return Finding("administrator", Health.WARNING, "nobody", "`rapport serve` makes one and shows its password once.")


def lake() -> Finding:
    from rapport.workspace.crm.lake.checks import doctor_checks

    looks = doctor_checks()
    bad = [look for look in looks if not look.ok]
    found = " ".join(look.sentence for look in bad or looks)
    if not bad:
        return Finding("lake", Health.GOOD, found)
    health = Health.BROKEN if any(look.name == "lake" for look in bad) else Health.WARNING
    return Finding("lake", health, found, " ".join(look.next_step for look in bad))


def jobs() -> Finding:
    from django.utils import timezone

    from rapport.workspace.queue.models import Job, JobState

    now = timezone.now()
    failed = Job.objects.filter(state=JobState.FAILED, ended_at__gte=now - timedelta(days=1)).count()
    waiting = Job.objects.filter(state=JobState.QUEUED, run_after__lt=now - _WAITING).count()
    found = f"{failed} failed in a day, {waiting} waiting for more than a quarter of an hour"
    if waiting:
        return Finding("jobs", Health.WARNING, found, "Is a worker running? `rapport worker` is one.")
    if failed:
        return Finding("jobs", Health.WARNING, found, "See Settings > Jobs.")
    return Finding("jobs", Health.GOOD, found)


def scores() -> Finding:
    from django.utils import timezone

    from rapport.workspace.scores.definitions import live_definitions
    from rapport.workspace.scores.runs import last_run

    live = [version.name or "" for version in live_definitions()]
    runs = {name: last_run(name) for name in live}
    old = [n for n, run in runs.items() if run is None or run.as_of < timezone.now() - _STALE]
    if old:
        return Finding(
            "scores", Health.WARNING, f"stale: {', '.join(old)}", "`rapport refresh` brings them up to date."
        )
    return Finding("scores", Health.GOOD, f"{len(live)} live, all fresh")


def real_time() -> Finding:
    from rapport.workspace.actions.realtime.state import doctor_check

    check = doctor_check()
    health = Health.GOOD if check.ok else Health.WARNING
    return Finding("real time", health, check.sentence, check.next_step)


CHECKS = (python, home, settings, database, administrator, lake, jobs, scores, real_time)
