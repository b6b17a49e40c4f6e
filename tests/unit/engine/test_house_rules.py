"""Rules of the house that no general linter knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import rapport.engine

ENGINE = Path(rapport.engine.__file__).parent
EXECUTES = {"execute", "to_pyarrow", "to_pyarrow_batches", "to_pandas", "to_polars", "raw_sql", "sql"}
READS_THE_CLOCK = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("ibis", "now")}


def calls(folder: Path) -> Iterator[tuple[Path, ast.Call, ast.Attribute]]:
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield file, node, node.func


def owner(attribute: ast.Attribute) -> str:
    return attribute.value.id if isinstance(attribute.value, ast.Name) else ""


def test_only_execution_executes() -> None:
    allowed = {"to_pandas": "pa"}
    found = [
        f"{file.relative_to(ENGINE)}:{node.lineno} .{function.attr}()"
        for file, node, function in calls(ENGINE)
        if function.attr in EXECUTES and "execution" not in file.parts and owner(function) != allowed.get(function.attr)
    ]
    assert found == []


def test_the_engine_never_reads_the_clock() -> None:
    found = [
        f"{file.relative_to(ENGINE)}:{node.lineno}"
        for file, node, function in calls(ENGINE)
        if (owner(function), function.attr) in READS_THE_CLOCK
    ]
    assert found == []


def test_an_instant_becomes_a_day_in_one_place_only() -> None:
    found = [
        f"{file.relative_to(ENGINE)}:{node.lineno} .{function.attr}()"
        for file, node, function in calls(ENGINE)
        if function.attr == "truncate" or (function.attr == "cast" and casts_to_zoned_time(node))
        if file.name != "local_day.py"
    ]
    assert found == []


def casts_to_zoned_time(call: ast.Call) -> bool:
    argument = call.args[0] if call.args else None
    return (
        isinstance(argument, ast.Constant)
        and str(argument.value).startswith("timestamp('")
        and "UTC" not in str(argument.value)
    )
