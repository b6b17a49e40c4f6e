"""How long the pages take over many contacts: on the database of RAPPORT_DATABASE.

    python tests/load/pages/measure.py [--contacts 100000]

Prints, for each page, the median of seven answers after a warm-up, and its number of queries: the contact list by
name and by score, filtered, its hundredth page, a search, and a record page with 200 interactions; beside them the
limit: an empty page of the same frame.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

CHUNK = 20_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def fill(count: int) -> None:
    """`count` contacts with accounts, owners and a score each; 200 interactions for the first."""
    from django.db import connection, transaction

    from rapport.workspace.crm.records.models import Account, Contact, Interaction
    from rapport.workspace.lib import bulk
    from rapport.workspace.scores.models import CurrentScore

    accounts = max(count // 20, 1)
    with transaction.atomic():
        rows: list[tuple[Any, ...]] = [(f"a{n}", "bench", str(n), f"Company {n}", NOW) for n in range(accounts)]
        bulk.insert(Account, ("id", "source", "external_id", "name", "created_at"), rows)
    contact = ("id", "source", "external_id", "account_id", "first_name", "last_name", "email")
    contact += ("lifecycle_stage", "created_at")
    score = ("score", "version", "subject", "subject_id", "value", "band", "as_of", "computed_at")
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        with transaction.atomic():
            bulk.insert(Contact, contact, [person(n, count, accounts) for n in numbers])
            bulk.insert(CurrentScore, score, [scored(n) for n in numbers])
    with transaction.atomic():
        seen = ("id", "contact_id", "type", "channel", "occurred_at")
        visits = [(f"i{n}", "c00000000", "page_view", "web", NOW - timedelta(hours=n)) for n in range(200)]
        bulk.insert(Interaction, seen, visits)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def person(n: int, count: int, accounts: int) -> tuple[Any, ...]:
    first, last = f"First{n * 7919 % 5003}", f"Last{n * 104729 % count}"
    email = f"person{n}@company{n % accounts}.example"
    stage = "lead" if n % 3 else "customer"
    return f"c{n:08d}", "bench", str(n), f"a{n % accounts}", first, last, email, stage, NOW - timedelta(minutes=n)


def scored(n: int) -> tuple[Any, ...]:
    return "engagement", 1, "contact", f"c{n:08d}", Decimal(n * 31 % 10_000) / 100, "ABCD"[n % 4], NOW, NOW


def measured(client: Any, address: str) -> tuple[float, int, int]:
    """Median seconds, queries, kilobytes of one page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
        asked = len(queries)
    assert answer.status_code == 200, (address, answer.status_code)
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        client.get(address)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), asked, len(answer.content) // 1024


def hundredth_page(client: Any) -> str:
    """The address of the list's hundredth page, reached by its own links."""
    import re

    address = "/contacts/"
    for _ in range(99):
        body = client.get(address).content.decode()
        found = re.search(r'href="([^"]*after=[^"]*)"', body)
        if not found:
            break
        link = found.group(1).replace("&amp;", "&")
        address = link if link.startswith("/") else f"/contacts/{link}"
    return address


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
        from django.test import Client

        from rapport.workspace.team.models import Role, User

        started = time.perf_counter()
        fill(count)
        print(f"{count:,} contacts on {connection.vendor}, filled in {time.perf_counter() - started:.0f} s")
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.create(username="admin", role=Role.ADMIN))
        pages = {
            "list": "/contacts/",
            "list by score": "/contacts/?sort=-score:engagement",
            "search by name": f"/contacts/?q=Last{count // 2}",
            "search by e-mail": "/contacts/?q=person777",
            "100th page": hundredth_page(client),
            "record": "/contacts/c00000000/",
            "timeline": "/contacts/c00000000/timeline/",
            "empty frame": "/settings/",
        }
        for name, address in pages.items():
            seconds, queries, size = measured(client, address)
            print(f"  {name:<18} {seconds * 1000:8.1f} ms  {queries:3d} queries  {size:5d} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
