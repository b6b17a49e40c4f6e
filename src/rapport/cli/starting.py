"""What a command does before it can work: settings of the home folder, Django, the database's tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rapport.engine.errors import DefinitionError

FILE = "settings.env"
"""In the home folder: RAPPORT_NAME=value, one a line. The environment goes before it."""


def read_settings_file(home: Path) -> dict[str, str]:
    """The settings kept in a home folder. Raises DefinitionError for a line that is none."""
    file = home / FILE
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines() if file.is_file() else (), start=1):
        name, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals or not name.strip().startswith("RAPPORT_"):
            raise DefinitionError(
                "A line sets one value.", where=f"{file} line {number}", received=line, allowed="RAPPORT_NAME=value"
            )
        found[name.strip()] = value.strip().strip("\"'")
    return found


def keep_settings(home: Path, settings: Mapping[str, str]) -> None:
    """Write settings that are not set yet into the home folder's file, and use them."""
    present = read_settings_file(home)
    fresh = {n: v for n, v in settings.items() if n not in present and not os.environ.get(n)}
    if fresh:
        home.mkdir(parents=True, exist_ok=True)
        with (home / FILE).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in fresh.items())
    os.environ.update(fresh)


def use_settings_file() -> Path:
    """Settings of the home folder become part of the environment, where it does not set them itself."""
    from rapport.workspace.options import home_folder

    home = home_folder()
    for name, value in read_settings_file(home).items():
        if name != "RAPPORT_HOME":
            os.environ.setdefault(name, value)
    return home


def start_django() -> None:
    """Load the workspace. Nothing of Django is imported before."""
    use_settings_file()
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
