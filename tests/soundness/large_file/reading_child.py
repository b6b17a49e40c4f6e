"""A process that checks a file and says by how many megabytes it grew: reading_child.py FILE."""

from __future__ import annotations

import json
import resource
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402 -- after the set-up

from rapport.workspace.crm.intake.service import import_file  # noqa: E402

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts = import_file(sys.argv[1], table="contacts", source="crm", dry_run=True).counts
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"counts": counts, "grown_mb": grown}))
