"""The commands there are. Each module of commands loads what it needs when one of its commands runs."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from rapport.cli import company, data, monitor, running, score_tools, scoring
from rapport.cli.answering import Command, answered
from rapport.cli.exit_codes import OK
from rapport.cli.exports import export

app = typer.Typer(
    name="rapport",
    help="A self-hosted CRM whose scores are proved on your own history before they go live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich for help alone would double the time to start
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed, 2 bad input, 3 done with warnings. Settings: RAPPORT_HOME and others.",
)
lake = typer.Typer(no_args_is_help=True, help="The lake of Parquet files that scores and metrics read.")
app.add_typer(lake, name="lake")
app.add_typer(export, name="export")
score = typer.Typer(
    cls=score_tools.ScoreGroup,
    help="Run live scores (`rapport score [NAME ...]`), and tools to make them better.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(score, name="score")

_COMMANDS: dict[str, Command] = {
    "demo": company.demo,
    "serve": running.serve,
    "worker": running.worker,
    "realtime": running.realtime,
    "import": data.import_files,
    "refresh": scoring.refresh,
    "metrics": scoring.metrics,
    "backtest": scoring.backtest,
    "monitor": monitor.monitor,
    "holdout": monitor.holdout,
    "doctor": company.doctor,
    "publish": data.publish,
}
for name, command in _COMMANDS.items():
    app.command(name)(answered(command))
score.command(score_tools.RUN)(answered(scoring.score))
score.command("lint")(answered(score_tools.lint))
score.command("suggest")(answered(score_tools.suggest))
score.command("import-hubspot")(answered(score_tools.import_hubspot))
score.command("export-hubspot")(answered(score_tools.export_hubspot))
lake.command("rebuild")(answered(data.rebuild))
lake.command("compact")(answered(data.compact))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="rapport")
    except SystemExit as ended:
        return int(ended.code or OK)
    return OK
