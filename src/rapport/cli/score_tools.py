"""score lint, suggest, import-hubspot, export-hubspot."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rapport.cli.exit_codes import OK, WARNINGS
from rapport.cli.shown import progress_shown, said, table_shown
from rapport.cli.starting import start_workspace
from rapport.engine.errors import DefinitionError

RUN = "run"
_NAME = typer.Argument(help="Score.", show_default=False)
_VERSION = typer.Option(help="Version; the live one, else the newest, by default.")
_JSON = typer.Option(help="Also write all figures as JSON.")


class ScoreGroup(TyperGroup):
    """`rapport score NAME` runs scores; a word that is a command of the group is that command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asked = args[0] if args else ""
        if asked not in self.commands and asked not in ("-h", "--help"):
            args = [RUN, *args]
        return super().parse_args(ctx, args)


def lint(
    name: Annotated[str, _NAME],
    version: Annotated[int | None, _VERSION] = None,
    json: Annotated[Path | None, _JSON] = None,
) -> int:
    """What in a score never fires, counts twice, weighs too much, points the wrong way or knows too much."""
    start_workspace()
    from rapport.workspace.scores.lint import run_lint

    with progress_shown(f"Looking at {name}") as progress:
        found = run_lint(name, version, progress=progress)
    _written(json, found)
    rows = [(f["severity"], f["code"], f["criterion"], f["sentence"]) for f in found["findings"]]
    if rows:
        table_shown(("severity", "finding", "criterion", "seen"), rows, title=f"{name} version {found['version']}")
    counted = "1 finding" if len(rows) == 1 else f"{len(rows)} findings"
    said(f"{counted} about {len(found['criteria'])} criteria, {found['subjects']:,} subjects.")
    return WARNINGS if any(f["severity"] != "info" for f in found["findings"]) else OK


def suggest(
    name: Annotated[str, _NAME],
    version: Annotated[int | None, _VERSION] = None,
    json: Annotated[Path | None, _JSON] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Make a draft of the suggestions of the tally.")] = False,
) -> int:
    """Points suggested by what buyers did before they bought, and learned from what happened."""
    start_workspace()
    from rapport.workspace.scores.definitions import version_of
    from rapport.workspace.scores.suggestions import Where, accept, number_of, run_suggestions

    with progress_shown(f"Suggesting points for {name}") as progress:
        found = run_suggestions(name, version, progress=progress)
    _written(json, found)
    _tally_shown(found)
    _learned_shown(found["learned"])
    if draft:
        points: dict[Where, Decimal] = {
            (c["criterion"], None): number_of(c["suggested"]) for c in found.get("criteria", ())
        }
        made = accept(version_of(name, found["version"]), points, by="command line")
        said(f"Version {made.version} is a draft with the points of the tally.")
    return OK


def import_hubspot(
    file: Annotated[Path, typer.Argument(help="JSON of a HubSpot lead score; - reads standard input.")],
    name: Annotated[str | None, typer.Option(help="Name of the score here; made of HubSpot's by default.")] = None,
) -> int:
    """Make a draft of a HubSpot lead score; what cannot be carried is listed."""
    start_workspace()
    from rapport.workspace.scores.exchange import from_hubspot

    found = from_hubspot(_text(file), by="command line", name=name)
    _notes_shown([(n.carried.value, n.where, n.what) for n in found.notes])
    said(f"{found.draft.name} version {found.draft.version} is a draft.")
    return WARNINGS if found.notes else OK


def export_hubspot(
    name: Annotated[str, _NAME],
    version: Annotated[int | None, _VERSION] = None,
    file: Annotated[Path | None, typer.Option(help="Where to write it; standard output by default.")] = None,
) -> int:
    """Write a score of points as the body of a HubSpot draft; what cannot be carried is listed."""
    start_workspace()
    from rapport.workspace.scores.definitions import version_of
    from rapport.workspace.scores.exchange import hubspot_json, to_hubspot

    found = to_hubspot(version_of(name, version))
    if file is None:
        sys.stdout.write(hubspot_json(found) + "\n")
    else:
        file.write_text(hubspot_json(found) + "\n", "utf-8")
        _notes_shown([(n.carried.value, n.where, n.what) for n in found.notes])
    return WARNINGS if found.notes else OK


def _tally_shown(found: Mapping[str, Any]) -> None:
    if "tally_problem" in found:
        said(found["tally_problem"])
        return
    stages = [(s["stage"], s["buyers_mean"], s["others_mean"]) for s in found["tally"]["stages"]]
    title = (
        f"{found['tally']['buyers']:,} buyers had {found['interactions']:.1f} interactions; ready at {found['ready']}"
    )
    table_shown(("stage", "of a buyer", "of others"), stages, title=title)
    rows = [(c["criterion"], c["stage"], float(c["now"]), float(c["suggested"])) for c in found["criteria"]]
    table_shown(("criterion", "stage", "now", "suggested"), rows, title="By the tally")


def _learned_shown(learned: Mapping[str, Any]) -> None:
    if "problem" in learned:
        said(learned["problem"])
        return
    rows = [
        (s["criterion"], s["label"], float(s["present"]), float(s["suggested"]), f"{s['low']} to {s['high']}", s["n"])
        for s in learned["suggestions"]
    ]
    heads = ("criterion", "part", "now", "learned", "95 % interval", "cases")
    table_shown(heads, rows, title=f"Learned from {learned['n']:,} cases, {learned['event_count']:,} with the outcome")


def _notes_shown(rows: Sequence[tuple[str, str, str]]) -> None:
    if rows:
        table_shown(("carried", "where", "what"), rows)


def _text(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise DefinitionError("The file cannot be read.", where=str(file), received=str(wrong)) from wrong


def _written(file: Path | None, found: Mapping[str, Any]) -> None:
    if file is not None:
        from json import dumps

        file.write_text(dumps(found, ensure_ascii=False, indent=2), "utf-8")
