"""Failures of commands as sentences and exit codes, never as tracebacks (RAPPORT_TRACE=yes shows them too)."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from rapport.cli.exit_codes import BAD_INPUT, FAILED, OK
from rapport.cli.shown import error_shown
from rapport.engine.errors import DataError, DefinitionError, RapportError

Command = Callable[..., int]


def answered(command: Command) -> Callable[..., Any]:
    """The command, ending with its exit code or that of its failure."""

    @wraps(command)
    def run(*arguments: object, **options: object) -> None:
        raise typer.Exit(_code(command, *arguments, **options))

    return run


def _code(command: Command, *arguments: object, **options: object) -> int:
    try:
        return command(*arguments, **options)
    except KeyboardInterrupt:
        error_shown("Stopped.")
    except BrokenPipeError:
        return OK  # the reader, `head` for one, had enough
    except RapportError as error:
        _trace()
        error_shown(error.sentence)
        return BAD_INPUT if isinstance(error, DefinitionError | DataError) else FAILED
    except Exception as error:
        _trace()
        error_shown(f"Something went wrong that is not your fault: {error!r}")
        error_shown("Run it again with RAPPORT_TRACE=yes to see where.", weak=True)
    return FAILED


def _trace() -> None:
    if os.environ.get("RAPPORT_TRACE") == "yes":
        traceback.print_exc()
