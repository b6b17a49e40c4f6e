"""export views."""

from __future__ import annotations

from typing import Annotated

import typer

from rapport.cli.exit_codes import OK, WARNINGS
from rapport.cli.shown import progress_shown, said, warned
from rapport.cli.starting import start_workspace
from rapport.engine.errors import DefinitionError

DAYS = 400
_MOST_NAMED = 5


def views(
    role: Annotated[
        str | None, typer.Option(help="Also let this role of the database read them; made where there is none.")
    ] = None,
    with_personal_data: Annotated[
        bool, typer.Option("--with-personal-data", help="Tell names, addresses and free text too.")
    ] = False,
    days: Annotated[int, typer.Option(min=0, help="How many days of metrics to have from the start.")] = DAYS,
    show_sql: Annotated[bool, typer.Option("--show-sql", help="Only print what would be run.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the views away again.")] = False,
) -> int:
    """Make views for BI tools in PostgreSQL (schema export_v1), or bring them up to date.

    Whoever may read the views sees every record: what users of the workspace may see does not hold there.
    """
    if remove and (role or with_personal_data or show_sql):
        raise DefinitionError("Views are either made or removed.", where="--remove")
    start_workspace()
    from rapport.workspace.metrics.exports import views as kept

    if show_sql:
        return _shown(role, with_personal_data=with_personal_data)
    if remove:
        kept.remove()
        said("The views are gone. Roles stay; drop them where nobody needs them.")
        return OK
    kept.check_database()
    installed = kept.install(with_personal_data=with_personal_data, role=role)
    _days(days)
    said(f"{len(installed.views)} views in the schema export_v1; personal data {_told(with_personal_data)}.")
    for name in installed.made_roles:
        said(f'The role {name} was made. Give it a password in psql:  \\password "{name}"')
    if not installed.roles:
        said("Nobody but the workspace's own user may read them yet: `rapport export views --role NAME`.")
    else:
        said(f"They can be read by {', '.join(installed.roles)}, every record, whatever users may see.")
    for name, tables in installed.exposed.items():
        few = ", ".join(tables[:_MOST_NAMED]) + (", ..." if len(tables) > _MOST_NAMED else "")
        warned(f"{name} can also read {len(tables)} tables beside the views ({few}). Is it meant for BI tools alone?")
    return WARNINGS if installed.exposed else OK


def _told(with_personal_data: bool) -> str:
    return "shown" if with_personal_data else "hidden (null), `--with-personal-data` shows them"


def _shown(role: str | None, *, with_personal_data: bool) -> int:
    from rapport.workspace.metrics.exports.view_sql import statements
    from rapport.workspace.metrics.exports.views import role_script

    script = [*statements(with_personal_data=with_personal_data), *(role_script(role) if role else [])]
    typer.echo("".join(f"{statement};\n" for statement in script), nl=False)
    return OK


def _days(days: int) -> None:
    from django.utils import timezone

    from rapport.workspace.metrics.exports.days import keep_days

    with progress_shown("Metrics by day") as progress:
        keep_days(now=timezone.now(), days=days, progress=progress)
