"""What a command does before it can work: Django, the database's tables."""

from __future__ import annotations

import os


def start_django() -> None:
    """Load the workspace. Nothing of Django is imported before."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.workspace.settings")
    import django

    django.setup()


def migrate() -> int:
    """Bring the database's tables up to date; how many steps were taken."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    steps = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if steps:
        call_command("migrate", verbosity=0, interactive=False)
    return steps


def start_workspace() -> None:
    """Django and an up-to-date database: what every command on a workspace needs."""
    start_django()
    migrate()
