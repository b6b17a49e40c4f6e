"""Exported semantic layers, read by tools of others in their own environment, and Rapport's numbers to hold against."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, Period, measure
from rapport.engine.metrics.derived import DerivedMetric
from rapport.engine.metrics.measure import Told
from rapport.engine.metrics.period import Grain
from tiny_company import utc

READER = Path(__file__).parent / "outside" / "read_semantic_layer.py"
PYTHON = Path(sys.prefix).parent / ".tools" / "outside" / "bin" / "python"
NOW = utc("2025-03-01")
WHOLE = Period(date(2024, 3, 1), date(2024, 12, 1))
MONTHS = Period(date(2024, 2, 1), date(2024, 12, 1)).split(Grain.MONTH)  # one more, to look back at
PREFERRED = ("owner", "country", "campaign", "channel", "source", "queue")  # to be split by
READERS = ("boring", "metricflow", "ossie")
Difference = tuple[str, str, object, object, object]


def read(folder: Path, *, readers: Sequence[str] = READERS, by_quarter: Sequence[str] = ()) -> dict[str, Any]:
    """What the tools found: the verdict on the definitions, what they say of metrics, answers by reader."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing: tools/setup.sh test makes it")
    asked = {
        "months": [month.start.isoformat() for month in MONTHS],
        "first": WHOLE.start.isoformat(),
        "end": WHOLE.end.isoformat(),
        "dimensions": list(PREFERRED),
        "by_quarter": list(by_quarter),
        "readers": list(readers),
    }
    command = [str(PYTHON), str(READER), str(folder)]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def differences(found: dict[str, Any], snapshot: Snapshot, engine: DuckdbRunner) -> list[Difference]:
    """Where an answer is not Rapport's: reader, metric, what was asked, the answer, and Rapport's."""
    metrics = list(found["facts"])
    told = Told(metrics, snapshot, periods=[*MONTHS, WHOLE], as_of=NOW, runner=engine)
    parts = _parts(found["answers"]["boring"], snapshot, engine) if "boring" in found["answers"] else {}
    return [
        (reader, metric, *difference)
        for reader, answers in found["answers"].items()
        for metric, answer in answers.items()
        for difference in _compared(metric, answer, told, parts)
        if not _unfilled(reader, metric, difference)
    ]


def _unfilled(reader: str, metric: str, difference: Sequence[Any]) -> bool:
    """MetricFlow fills a missing sum with 0, but not a missing part that is itself made of others: no value, for 0."""
    _, theirs, ours = difference
    return reader == "metricflow" and isinstance(METRICS[metric], DerivedMetric) and theirs is None and ours == 0


def _compared(metric: str, answer: dict[str, Any], told: Told, parts: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for month in MONTHS[1:]:
        value = told.value(metric, month).value
        theirs = answer["months"].get(month.start.isoformat(), "no row")
        if not _same(theirs, value):
            yield month.label, theirs, value
    if "whole" in answer and not _same(answer["whole"], told.value(metric, WHOLE).value):
        yield "whole", answer["whole"], told.value(metric, WHOLE).value
    if "by" in answer:
        ours, theirs = parts[metric], dict(answer["by"]["groups"])
        for group in ours.keys() | theirs.keys():
            if not _same(theirs.get(group, "no row"), ours.get(group)):
                yield f"{answer['by']['dimension']}={group}", theirs.get(group, "no row"), ours.get(group)


def _parts(answers: dict[str, Any], snapshot: Snapshot, engine: DuckdbRunner) -> dict[str, dict[str | None, Any]]:
    """Rapport's values by the dimension that the tools took, of the whole or, of what is by month, the last one."""
    asked: dict[tuple[str, Period], list[str]] = defaultdict(list)
    for metric, answer in answers.items():
        if "by" in answer:
            dimension = answer["by"]["dimension"].removesuffix("_of_row")
            asked[(dimension, WHOLE if "whole" in answer else MONTHS[-1])].append(metric)
    return {
        metric: {v.dimensions.get(dimension): v.value for v in values if v.metric == metric}
        for (dimension, period), metrics in asked.items()
        for values in [measure(metrics, snapshot, period=period, as_of=NOW, runner=engine, by=[dimension])]
        for metric in metrics
    }


def _same(theirs: object, ours: object) -> bool:
    """The same number, or none. What has no row there has none, or 0, here."""
    if theirs == "no row":
        return ours is None or ours == 0
    if theirs is None or ours is None:
        return theirs is None and ours is None
    return float(theirs) == pytest.approx(float(ours), rel=1e-9, abs=1e-9)  # type: ignore[arg-type]
