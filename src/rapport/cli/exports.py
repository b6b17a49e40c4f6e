"""`rapport export ...`: what leaves the workspace for other tools, one command for each form."""

from __future__ import annotations

import typer

from rapport.cli import export_parquet, export_semantic, export_views
from rapport.cli.answering import Command, answered

export = typer.Typer(
    no_args_is_help=True,
    help="Scores, metrics and records for other tools.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_COMMANDS: dict[str, Command] = {
    "views": export_views.views,
    "parquet": export_parquet.parquet,
    "semantic": export_semantic.semantic,
}
for name, command in _COMMANDS.items():
    export.command(name)(answered(command))
