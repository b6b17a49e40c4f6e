"""A process that imports as the worker does, until it is killed: importing_child.py WHAT ARGUMENT."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 -- after the set-up

from rapport.workspace.crm.intake.importing import run_import  # noqa: E402
from rapport.workspace.crm.intake.mapping.guess import guess_mapping  # noqa: E402
from rapport.workspace.crm.intake.models import Import  # noqa: E402
from rapport.workspace.crm.intake.undo import undo_import  # noqa: E402
from rapport.workspace.crm.records.models import Account, AttributeValue, Contact  # noqa: E402


def prepare(path: str) -> None:
    """Make the database and an import of the file, of which nothing is written yet."""
    call_command("migrate", verbosity=0)
    header = Path(path).read_text().split("\n", 1)[0].split(",")
    found = Import.objects.create(
        table="contacts", source="crm", file_name="contacts.csv", path=path, header=header,
        at=datetime(2026, 5, 1, tzinfo=UTC), mapping=guess_mapping(header, table="contacts").to_json(),
    )  # fmt: skip
    print(found.pk)


def report(import_id: str) -> None:
    """Count everything that could be lost or doubled."""
    found = Import.objects.get(pk=import_id)
    entries = AttributeValue.objects.filter(entity="contact").exclude(attribute="deleted_at")
    seen: dict[str, Any] = {
        "state": found.state,
        "counts": found.counts,
        "undo_counts": found.undo_counts,
        "cursor": found.cursor,
        "contacts": Contact.objects.count(),
        "ids": Contact.objects.values("external_id").distinct().count(),
        "standing": Contact.objects.filter(deleted_at=None).count(),
        "accounts": Account.objects.count(),
        "entries": entries.count(),
        "attributes": entries.values("entity_id", "attribute").distinct().count(),
        "deletions": AttributeValue.objects.filter(attribute="deleted_at").count(),
        "changes": found.changes.count(),
    }
    print(json.dumps(seen))


def work(what: str, import_id: str) -> None:
    print("ready", flush=True)
    (undo_import if what == "undo" else run_import)(import_id, lambda *_: None)


if __name__ == "__main__":
    command, argument = sys.argv[1:3]
    if command == "prepare":
        prepare(argument)
    elif command == "report":
        report(argument)
    else:
        work(command, argument)
