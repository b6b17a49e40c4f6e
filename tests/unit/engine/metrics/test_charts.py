"""Charts carry their data, leave gaps, and can be read on light and dark pages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rapport.engine.metrics import METRICS, MetricValue, Period
from rapport.engine.metrics.charts import bars, formatted, sparkline, time_series
from tiny_company import utc

NOW = utc("2024-06-01")


def value(month: int, number: float | None, **more: Any) -> MetricValue:
    return MetricValue(metric="win_rate", period=Period.month(2024, month), value=number, as_of=NOW, **more)


SERIES = [value(1, 0.5, lower=0.2, upper=0.8, n=9), value(2, None), value(3, 0.75, lower=0.4, upper=0.9, n=7)]


def rows_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return next(iter(spec["datasets"].values()))  # type: ignore[no-any-return]


def test_a_series_carries_its_values_and_a_gap_stays_empty() -> None:
    spec = time_series(SERIES).to_dict()
    rows = rows_of(spec)
    assert [(row["start"], row["value"]) for row in rows] == [
        ("2024-01-01", 0.5),
        ("2024-02-01", None),
        ("2024-03-01", 0.75),
    ]
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["area", "line"]
    assert spec["layer"][-1]["encoding"]["y"]["axis"]["format"] == ".1%"


def test_days_do_not_move_with_the_readers_zone() -> None:
    assert time_series(SERIES).to_dict()["layer"][0]["encoding"]["x"]["scale"] == {"type": "utc"}


def test_the_background_is_that_of_the_page() -> None:
    for chart in (time_series(SERIES), sparkline(SERIES), bars(SERIES, by="owner")):
        assert chart.to_dict()["background"] == "transparent"


def test_a_compared_period_is_a_second_line() -> None:
    compared = [value(1, 0.5, compared=value(1, 0.4)), value(2, 0.6, compared=value(2, 0.7))]
    spec = time_series(compared).to_dict()
    assert [row["compared"] for row in rows_of(spec)] == [0.4, 0.7]
    assert len(spec["layer"]) == 2


def test_bars_show_the_greatest_first_and_name_what_has_no_name() -> None:
    owners = [value(1, v, dimensions={"owner": o}) for o, v in (("u1", 0.2), (None, 0.9), ("u2", None))]
    spec = bars(owners, by="owner", label=lambda dimension, name: {"owner:u1": "Ada"}.get(f"{dimension}:{name}", name))
    assert [(row["group"], row["value"]) for row in rows_of(spec.to_dict())] == [("(none)", 0.9), ("Ada", 0.2)]


@pytest.mark.parametrize(
    ("metric", "number", "shown"),
    [
        ("win_rate", 0.754, "75.4 %"),
        ("leads", 12345, "12,345"),
        ("pipeline_value", 1234.5, "1,234.50 EUR"),
        ("sales_cycle_length", 3.456, "3.5 days"),
        ("nps", -12.34, "-12.3 points"),
        ("nps", None, "–"),
    ],
)
def test_values_are_written_in_their_unit(metric: str, number: float | None, shown: str) -> None:
    assert formatted(number, METRICS[metric], currency="EUR") == shown


def test_a_series_of_one_dimension_has_one_line_each() -> None:
    parts = [
        MetricValue(metric="leads", period=Period.day(date(2024, 1, d)), value=d, dimensions={"source": s}, as_of=NOW)
        for d in (1, 2)
        for s in ("web", "fair")
    ]
    spec = time_series(parts, by="source").to_dict()
    assert spec["layer"][0]["encoding"]["color"]["field"] == "group"
    assert {row["group"] for row in rows_of(spec)} == {"web", "fair"}
