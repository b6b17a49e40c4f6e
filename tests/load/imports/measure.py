"""How long an import of contacts takes, first and again, with its undo: on the database of RAPPORT_DATABASE.

    python tests/load/imports/measure.py [--contacts 100000]

Prints seconds of the first import (all new, with duplicates check, history and undo log), of importing the same file
again (all unchanged), and of the undo; beside them the bare limit: the same rows inserted by the database's own
bulk load, without history.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

HEADER = (
    "Record ID", "First Name", "Last Name", "Email", "Phone Number", "Job Title",
    "Company Name", "Contact owner", "Lifecycle Stage", "Create Date", "Country/Region", "City",
)  # fmt: skip


def write_contacts(file: Path, count: int) -> None:
    """A HubSpot-like export: every contact has all twelve columns; 2,000 companies, 20 owners."""
    stages = ("Lead", "Marketing Qualified Lead", "Sales Qualified Lead", "Opportunity", "Customer")
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        for n in range(count):
            writer.writerow(
                (n + 1, f"Anna{n % 977}", f"Berg{n}", f"anna{n}@company{n % 2000}.example", f"+46 8 {n:07d}", "Buyer",
                 f"Company {n % 2000}", f"Owner {n % 20}", stages[n % 5], f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
                 "Sweden", "Malmö")
            )  # fmt: skip


@contextmanager
def timed(what: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[what] = time.perf_counter() - started


def bare_insert(count: int) -> None:
    """As many rows with the same columns through the bulk load alone."""
    from django.db import transaction

    from rapport.workspace.crm.records.models import Contact
    from rapport.workspace.lib import bulk

    now = datetime.now(UTC)
    columns = (
        "id",
        "source",
        "external_id",
        "first_name",
        "last_name",
        "email",
        "phone",
        "title",
        "country",
        "city",
        "created_at",
    )
    for start in range(0, count, 1000):
        rows = [
            (
                f"bare-{n}",
                "bare",
                str(n),
                "Anna",
                f"Berg{n}",
                f"a{n}@b.example",
                f"+46{n}",
                "Head",
                "Sweden",
                "Malmö",
                now,
            )
            for n in range(start, min(start + 1000, count))
        ]
        with transaction.atomic():
            bulk.insert(Contact, columns, rows)


def measure(count: int, folder: Path) -> dict[str, float]:
    from rapport.workspace.crm.intake.service import import_file
    from rapport.workspace.crm.intake.undo import undo_import

    file = folder / "hubspot-contacts.csv"
    write_contacts(file, count)
    seconds: dict[str, float] = {}
    with timed("first import", seconds):
        first = import_file(file, source="hubspot")
    assert first.counts["new"] == count, first.counts
    with timed("again, unchanged", seconds):
        again = import_file(file, source="hubspot")
    assert again.counts["unchanged"] == count, again.counts
    with timed("undo", seconds):
        undo_import(first.import_id, lambda done, total, message: None)
    with timed("bare insert", seconds):
        bare_insert(count)
    return seconds


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--contacts", type=int, default=100_000)
    count = arguments.parse_args().contacts
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.workspace.settings")
        os.environ["RAPPORT_HOME"] = folder
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        seconds = measure(count, Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import of {count:,} contacts on {connection.vendor}, peak memory {peak:,.0f} MB")
    for what, taken in seconds.items():
        print(f"  {what:<18} {taken:7.2f} s   {taken / seconds['bare insert']:6.1f} x bare insert")
    return 0


if __name__ == "__main__":
    sys.exit(main())
