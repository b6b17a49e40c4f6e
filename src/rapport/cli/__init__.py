"""`rapport ...`: the command line."""

from __future__ import annotations


def main() -> None:
    """Run the command in `sys.argv` and leave with its exit code."""
    from rapport.cli.app import run

    raise SystemExit(run())
