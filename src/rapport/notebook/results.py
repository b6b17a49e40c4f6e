"""What comes back: Arrow tables that turn into pandas, Polars or a chart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import altair as alt
import pyarrow as pa

from rapport.engine.errors import DataError
from rapport.engine.evaluation.lift import Decile
from rapport.engine.evaluation.report import BacktestReport
from rapport.engine.metrics.charts import bars, time_series
from rapport.engine.metrics.value import MetricValue
from rapport.engine.scores.definition import ScoreDefinition
from rapport.engine.scores.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_WIDTH = 640
_SHOWN = 20


class Result:
    """Rows, and what they answer."""

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} rows: {', '.join(self.rows.column_names)})"

    def _repr_html_(self) -> str:
        return str(self.rows.slice(0, _SHOWN).to_pandas().to_html(index=False, border=0))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.rows.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> pa.Table:
        return self.rows

    def to_pandas(self) -> pd.DataFrame:
        frame: pd.DataFrame = self.rows.to_pandas()
        return frame

    def to_polars(self) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame(pl.from_arrow(self.rows))

    def chart(self) -> Any:
        """The rows as an Altair chart."""
        raise NotImplementedError


class Scores(Result):
    """One row per subject, best first. Attributes: definition, as_of."""

    def __init__(self, rows: pa.Table, *, definition: ScoreDefinition, as_of: datetime) -> None:
        super().__init__(rows)
        self.definition = definition
        self.as_of = as_of

    def chart(self) -> alt.Chart:
        """How many subjects have which value, by band."""
        data = self.rows.select(["value", "band"]).to_pandas().dropna(subset=["value"])
        data["value"] = data["value"].astype("float64")
        order = [band.label for band in self.definition.bands]
        chart: alt.Chart = (
            alt.Chart(_inline(data), width=_WIDTH, title=f"{self.definition.name}, {self.as_of:%Y-%m-%d}")
            .mark_bar()
            .encode(
                x=alt.X("value:Q", bin=alt.Bin(maxbins=40), title="score"),
                y=alt.Y("count():Q", title=f"{self.definition.subject}s"),
                color=alt.Color("band:N", sort=order, title="band"),
                tooltip=["band:N", alt.Tooltip("count():Q", format=",")],
            )
        )
        return chart


class Lines(Result):
    """One row per reason; the points of a subject add up to its value."""

    def __init__(self, rows: pa.Table, *, definition: ScoreDefinition, as_of: datetime) -> None:
        super().__init__(rows)
        self.definition = definition
        self.as_of = as_of

    @classmethod
    def of(cls, found: Mapping[str, Explanation], *, definition: ScoreDefinition, as_of: datetime) -> Lines:
        rows = [
            {
                "subject_id": subject,
                "value": why.value,
                "group": line.group,
                "name": line.name,
                "points": line.points,
                "sentence": line.sentence,
                "evidence": json.dumps(dict(line.evidence), default=str, ensure_ascii=False),
            }
            for subject, why in found.items()
            for line in why.lines
        ]
        exact, text = pa.decimal128(18, 6), pa.string()
        kinds = {"subject_id": text, "value": exact, "group": text, "name": text, "points": exact}
        schema = pa.schema([*kinds.items(), ("sentence", text), ("evidence", text)])
        return cls(pa.Table.from_pylist(rows, schema=schema), definition=definition, as_of=as_of)

    def chart(self) -> alt.Chart:
        """The points of each reason that has any, in order."""
        data = self.rows.to_pandas()
        data["points"] = data["points"].astype("float64")
        data = data[data["points"] != 0]
        bar = alt.Chart(_inline(data), width=_WIDTH).mark_bar()
        chart: alt.Chart = bar.encode(
            x=alt.X("points:Q"),
            y=alt.Y("name:N", sort=None, title=None),
            color=alt.condition("datum.points < 0", alt.value("#d64545"), alt.value("#3b7ddd")),
            row=alt.Row("subject_id:N", title=None),
            tooltip=["sentence:N", "points:Q"],
        )
        return chart


class Measured(Result):
    """One row per metric, period and combination of dimension values. Attributes: values, with all they rest on."""

    def __init__(self, rows: pa.Table, *, values: Sequence[MetricValue], by: Sequence[str]) -> None:
        super().__init__(rows)
        self.values = tuple(values)
        self.by = tuple(by)

    @classmethod
    def of(cls, values: Sequence[MetricValue], *, by: Sequence[str]) -> Measured:
        whole, real, text, day = pa.int64(), pa.float64(), pa.string(), pa.date32()
        numbers = [(name, real) for name in ("value", "numerator", "denominator")]
        more = [("n", whole), ("lower", real), ("upper", real), ("compared", real), ("reason", text), ("flags", text)]
        dimensions = [(name, text) for name in by]
        schema = pa.schema([("metric", text), ("start", day), ("end", day), *dimensions, *numbers, *more])
        return cls(pa.Table.from_pylist([_row(v, by) for v in values], schema=schema), values=values, by=by)

    def chart(self) -> Any:
        """A line over time, or bars by a dimension; metrics below one another."""
        names = list(dict.fromkeys(value.metric for value in self.values))
        charts = [self._chart([v for v in self.values if v.metric == name]) for name in names]
        if not charts:
            raise DataError("There is nothing to show.")
        return charts[0] if len(charts) == 1 else alt.vconcat(*charts)

    def _chart(self, values: Sequence[MetricValue]) -> Any:
        by = self.by[0] if self.by else None
        is_series = len({value.period for value in values}) > 1
        if by is None or is_series:
            return time_series(values, by=by)
        return bars(values, by=by)


def _row(value: MetricValue, by: Sequence[str]) -> dict[str, object]:
    def number(found: object) -> float | None:
        return None if found is None else float(str(found))

    return {
        "metric": value.metric,
        "start": value.period.start,
        "end": value.period.end,
        **{name: value.dimensions.get(name) for name in by},
        "value": number(value.value),
        "numerator": number(value.numerator),
        "denominator": number(value.denominator),
        "n": value.n,
        "lower": value.lower,
        "upper": value.upper,
        "compared": number(value.compared.value) if value.compared else None,
        "reason": value.reason,
        "flags": ", ".join(value.flags),
    }


class Proved(Result):
    """A backtest: one row per tenth of the cases, highest scores first. Attributes: report, with every figure."""

    def __init__(self, report: BacktestReport) -> None:
        rows = [_tenth(p.name, tenth) for p in (report.score, *report.baselines) for tenth in p.deciles]
        super().__init__(pa.Table.from_pylist(rows))
        self.report = report

    def __repr__(self) -> str:
        return self.report.verdict

    def _repr_html_(self) -> str:
        return self.report.to_html()

    def to_json(self) -> str:
        return self.report.to_json()

    def to_html(self) -> str:
        """The report as a page of its own."""
        return self.report.to_html()

    def chart(self) -> alt.Chart:
        """Lift by tenth, beside the baselines."""
        data = self.rows.to_pandas()
        line = alt.Chart(_inline(data), width=_WIDTH, title=self.report.verdict).mark_line(point=True)
        chart: alt.Chart = line.encode(
            x=alt.X("decile:O", title="tenth, highest scores first"),
            y=alt.Y("lift:Q"),
            color=alt.Color("performance:N", title=None),
            tooltip=["performance:N", "decile:O", "cases:Q", "events:Q", "rate:Q", "lift:Q", "captured:Q"],
        )
        return chart


def _tenth(name: str, tenth: Decile) -> dict[str, object]:
    found = tenth.conversion
    return {
        "performance": name,
        "decile": tenth.decile,
        "cases": float(found.n),
        "events": float(found.events),
        "rate": found.rate,
        "lower": found.low,
        "upper": found.high,
        "lift": tenth.lift,
        "captured": tenth.captured,
        "cumulative_lift": tenth.cumulative_lift,
    }


def _inline(data: pd.DataFrame) -> alt.InlineData:
    """Values inside the chart, whatever their number; nothing is fetched."""
    return alt.InlineData(values=json.loads(data.to_json(orient="records", date_format="iso")))
