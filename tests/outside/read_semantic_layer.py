"""Reads an exported semantic layer as its users do, knowing nothing of Rapport, and prints what it found as JSON.

    python read_semantic_layer.py FOLDER < questions.json

The definitions are parsed and judged by dbt-semantic-interfaces. The same questions are put to three readers:
boring-semantic-layer executes the measures of the MetricFlow files, MetricFlow itself the metrics, DuckDB the
expressions of the Ossie file.

Questions: `months` (first days, in order), `first` and `end` (a whole period of such months), `dimensions` (which of
them to split by, the preferred first), `by_quarter` (metrics, of MetricFlow alone), `readers`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis
import yaml

Key = tuple[str, str | None]  # month or "whole", and the group
NO_GROUP = "\0"


class Files:
    """The exported folder: definitions, and its rows as views of a DuckDB schema named as in the definitions."""

    def __init__(self, folder: Path) -> None:
        self.documents = [
            yaml.safe_load(file.read_text("utf-8")) for file in sorted((folder / "metricflow/models").rglob("*.yml"))
        ]
        self.models = [model for one in self.documents for model in one.get("semantic_models", [])]
        self.metrics = {metric["name"]: metric for one in self.documents for metric in one.get("metrics", [])}
        self.ossie = json.loads((folder / "OSI/rapport_metrics.json").read_text("utf-8"))
        self.connection = ibis.duckdb.connect()
        self.sql = self.connection.con
        self.sql.execute("SET TimeZone='UTC'; SET threads=1; CREATE SCHEMA rapport")
        for file in sorted((folder / "metric_rows").glob("*.parquet")):
            for name in (file.stem, f"rapport_{file.stem}"):
                self.sql.execute(f"CREATE VIEW rapport.{name} AS SELECT * FROM read_parquet('{file}')")

    def is_part(self, metric: str) -> bool:
        return bool(self.metrics[metric]["config"]["meta"]["rapport"].get("part"))

    def facts(self, metric: str) -> dict[str, Any]:
        return self.metrics[metric]["config"]["meta"]["rapport"]


def as_dsi_documents(files: Files) -> list[dict[str, Any]]:
    """What dbt makes of its YAML: one document per object, references resolved to tables."""
    found: list[dict[str, Any]] = []
    for model in files.models:
        name = re.fullmatch(r"ref\('(\w+)'\)", model["model"])[1]
        rest = {key: value for key, value in model.items() if key != "model"}
        found.append({"semantic_model": {**rest, "node_relation": {"alias": name, "schema_name": "rapport"}}})
    found += [{"metric": metric} for metric in files.metrics.values()]
    spines = []
    for document in files.documents:
        for model in document.get("models", []):
            spine = model.get("time_spine")
            if spine:
                column = next(c for c in model["columns"] if c["name"] == spine["standard_granularity_column"])
                spines.append(
                    {
                        "node_relation": {"alias": model["name"], "schema_name": "rapport"},
                        "primary_column": {"name": column["name"], "time_granularity": column["granularity"]},
                    }
                )
    found.append({"project_configuration": {"time_spines": spines}})
    return found


def judged(files: Files) -> dict[str, Any]:
    """The verdict of dbt-semantic-interfaces: its JSON schemas, parser and validation rules."""
    from dbt_semantic_interfaces.parsing.dir_to_model import parse_yaml_files_to_validation_ready_semantic_manifest
    from dbt_semantic_interfaces.parsing.objects import YamlConfigFile
    from dbt_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator

    built = parse_yaml_files_to_validation_ready_semantic_manifest(
        [YamlConfigFile(filepath="exported.yml", contents=as_yaml(files))], raise_issues_as_exceptions=False
    )
    validated = SemanticManifestValidator().validate_semantic_manifest(built.semantic_manifest)
    return {
        "errors": [str(one.message) for one in (*built.issues.errors, *validated.errors)],
        "warnings": [str(one.message) for one in (*built.issues.warnings, *validated.warnings)],
        "semantic_models": len(built.semantic_manifest.semantic_models),
        "metrics": len(built.semantic_manifest.metrics),
        "ossie_metrics": ossie_read(files),
    }


def ossie_read(files: Files) -> int:
    """How many metrics the reader of Ossie in MetricFlow finds, which refuses what it does not know."""
    from metricflow.converters.models import OSIDocument

    return len(OSIDocument.parse_obj(files.ossie).semantic_model[0].metrics)


def as_yaml(files: Files) -> str:
    return "---\n".join(yaml.safe_dump(one, sort_keys=False, allow_unicode=True) for one in as_dsi_documents(files))


class Questions:
    def __init__(self, asked: dict[str, Any], files: Files) -> None:
        self.months: list[str] = asked["months"]
        self.first, self.end = asked["first"], asked["end"]
        self.preferred: list[str] = asked["dimensions"]
        self.by_quarter: list[str] = asked["by_quarter"]
        self.files = files
        self.of_model = {m["name"]: m for m in files.models}
        self.model_of = {measure["name"]: m["name"] for m in files.models for measure in m["measures"]}

    def names(self, model: dict[str, Any]) -> list[str]:
        own = [d["name"] for d in model["dimensions"] if d["type"] == "categorical"]
        return [*(e["name"] for e in model["entities"]), *own]

    def models(self, metric: str) -> set[str]:
        """The semantic models that a metric reads."""
        params = self.files.metrics[metric]["type_params"]
        if "measure" in params:
            return {self.model_of[params["measure"]["name"]]}
        inputs = params.get("metrics") or [params["numerator"], params["denominator"]]
        return set().union(*(self.models(one["name"]) for one in inputs))

    def dimension(self, metric: str) -> str | None:
        """The dimension to split a metric by: one that all its models have."""
        if self.files.facts(metric).get("needs_period_before"):
            return None
        shared = set.intersection(*(set(self.names(self.of_model[one])) for one in self.models(metric)))
        return next((name for name in (*self.preferred, *sorted(shared)) if name in shared), None)

    def is_by_month(self, metric: str) -> bool:
        return "grain" in self.files.facts(metric)


class Boring:
    """boring-semantic-layer over the exported measures; metrics are put together as their definitions say."""

    def __init__(self, files: Files, questions: Questions) -> None:
        self.files, self.questions = files, questions
        self.asked: dict[tuple[str, str | None], dict[Key, dict[str, Any]]] = {}

    def answers(self, metric: str) -> dict[str, Any]:
        asked = self.questions
        there = {month for model in asked.models(metric) for month, _ in self.rows(model, None)}
        if self.files.facts(metric).get("needs_period_before"):
            there |= {month for month in asked.months if self.shifted(month, "1 month") in there}
        # a month without any row is none of the answer, as in SQL
        months = [month for month in asked.months if month in there]
        found: dict[str, Any] = {"months": {m: self.value(metric, (m, NO_GROUP), None) for m in months}}
        period = "whole"
        if asked.is_by_month(metric):
            period = asked.months[-1]
        else:
            found["whole"] = self.value(metric, ("whole", NO_GROUP), None)
        by = asked.dimension(metric)
        if by:
            groups = {g for model in asked.models(metric) for p, g in self.rows(model, by) if p == period}
            values = [[g, self.value(metric, (period, g), by)] for g in groups]
            found["by"] = {"dimension": by, "groups": values}
        return found

    def value(self, metric: str, key: Key, by: str | None) -> Any:
        definition = self.files.metrics[metric]
        params = definition["type_params"]
        if definition["type"] == "simple":
            measure = params["measure"]["name"]
            row = self.rows(self.questions.model_of[measure], by).get(key, {})
            value = row.get(measure)
            return params["measure"].get("fill_nulls_with") if value is None else float(value)
        if definition["type"] == "ratio":
            above = self.value(params["numerator"]["name"], key, by)
            below = self.value(params["denominator"]["name"], key, by)
            return None if above is None or not below else above / below
        inputs = {}
        for one in params["metrics"]:
            at = (self.shifted(key[0], one.get("offset_window")), key[1])
            inputs[one["alias"]] = None if at[0] is None else self.value(one["name"], at, by)
        columns = ", ".join(f"CAST(? AS DOUBLE) AS {name}" for name in inputs)
        found = self.files.sql.execute(f"SELECT {params['expr']} FROM (SELECT {columns})", list(inputs.values()))
        return found.fetchone()[0]

    def shifted(self, month: str, window: str | None) -> str | None:
        if window is None:
            return month
        assert window == "1 month"
        if month not in self.questions.months:
            return None
        number = self.questions.months.index(month)
        return self.questions.months[number - 1] if number else None

    def rows(self, model: str, by: str | None) -> dict[Key, dict[str, Any]]:
        if (model, by) not in self.asked:
            self.asked[(model, by)] = self._rows(self.questions.of_model[model], by)
        return self.asked[(model, by)]

    def _rows(self, model: dict[str, Any], by: str | None) -> dict[Key, dict[str, Any]]:
        table, day = self.table(model)
        dimensions = [by] if by else []
        measures = [measure["name"] for measure in model["measures"]]
        found: dict[Key, dict[str, Any]] = {}
        asked = self.questions
        between = [lambda t: (t[day] >= date.fromisoformat(asked.first)) & (t[day] < date.fromisoformat(asked.end))]
        months = table.query(dimensions=[day, *dimensions], measures=measures, time_grain="TIME_GRAIN_MONTH")
        whole = table.query(dimensions=dimensions, measures=measures, filters=between)
        for row in months.execute().to_dict("records"):
            found[(str(row[day])[:10], group(row[by]) if by else NO_GROUP)] = known(row)
        for row in whole.execute().to_dict("records"):
            found[("whole", group(row[by]) if by else NO_GROUP)] = known(row)
        return found

    def table(self, model: dict[str, Any]) -> tuple[Any, str]:
        from boring_semantic_layer import to_semantic_table
        from boring_semantic_layer.api import time_dimension

        relation = re.fullmatch(r"ref\('(\w+)'\)", model["model"])[1]
        day = model["defaults"]["agg_time_dimension"]
        names = self.questions.names(model)
        # what a row gives is worked out by the engine from the SQL of the definition; the rest is BSL's
        expressions = [f"{one['expr']} AS m{n}" for n, one in enumerate(model["measures"])]
        rows = self.files.connection.sql(f"SELECT {', '.join([day, *names, *expressions])} FROM rapport.{relation}")
        table = to_semantic_table(rows, name=model["name"]).with_dimensions(
            **{day: time_dimension(lambda t: t[day], smallest_time_grain="TIME_GRAIN_DAY")},
            **{name: (lambda t, name=name: t[name]) for name in names},
        )
        measures = {one["name"]: aggregated(one, f"m{n}") for n, one in enumerate(model["measures"])}
        return table.with_measures(**measures), day


def aggregated(measure: dict[str, Any], column: str) -> Any:
    kinds = {
        "count": lambda t: t[column].count(),
        "sum": lambda t: t[column].sum(),
        "count_distinct": lambda t: t[column].nunique(),
        "min": lambda t: t[column].min(),
        "percentile": lambda t: t[column].quantile(measure["agg_params"]["percentile"]),
    }
    return kinds[measure["agg"]]


def metricflow_answers(files: Files, questions: Questions, metrics: list[str]) -> dict[str, Any]:
    """By month, over the whole where that can be asked, and by the dimension, from SQL that MetricFlow writes."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
    from metricflow_semantic_interfaces.parsing.dir_to_model import (
        parse_yaml_files_to_validation_ready_semantic_manifest,
    )
    from metricflow_semantic_interfaces.parsing.objects import YamlConfigFile
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    class Client:
        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

        def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
            return f"${bind_parameter_key}"

    parsed = parse_yaml_files_to_validation_ready_semantic_manifest(
        [YamlConfigFile(filepath="exported.yml", contents=as_yaml(files))]
    )
    engine = MetricFlowEngine(SemanticManifestLookup(parsed.semantic_manifest), Client())

    def asked(metric: str, by: list[str], first: str | None, end: str | None) -> list[dict[str, Any]]:
        request = MetricFlowQueryRequest.create(
            metric_names=[metric],
            group_by_names=by,
            time_constraint_start=datetime.fromisoformat(first) if first else None,
            time_constraint_end=datetime.fromisoformat(end) if end else None,
        )
        result = files.sql.execute(engine.explain(request).sql_statement.sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    last_day = str(date.fromordinal(date.fromisoformat(questions.end).toordinal() - 1))
    found = {}
    for metric in metrics:
        by_month = questions.is_by_month(metric)
        rows = asked(metric, ["metric_time__month"], None, None)
        told: dict[str, Any] = {"months": {str(r["metric_time__month"])[:10]: number(r[metric]) for r in rows}}
        if not by_month:
            told["whole"] = number(asked(metric, [], questions.first, last_day)[0][metric])
        name = questions.dimension(metric)
        if name:
            models = questions.models(metric)
            entities = {e["name"] for one in models for e in questions.of_model[one]["entities"]}
            path = name if name in entities else f"{next(iter(models))}_row__{name}"
            first = questions.months[-1] if by_month else questions.first
            rows = asked(metric, [path], first, first if by_month else last_day)
            told["by"] = {"dimension": name, "groups": [[group(r[path]), number(r[metric])] for r in rows]}
        if metric in questions.by_quarter:
            rows = asked(metric, ["metric_time__quarter"], None, None)
            told["quarters"] = {str(r["metric_time__quarter"])[:10]: number(r[metric]) for r in rows}
        found[metric] = told
    return found


def ossie_answers(files: Files, questions: Questions) -> dict[str, Any]:
    """The expressions of the Ossie file, put to DuckDB as they are."""
    document = files.ossie
    model = document["semantic_model"][0] if "semantic_model" in document else document
    days = {one["from"]: one["from_columns"][0] for one in model["relationships"]}
    sources = {one["name"]: one["source"] for one in model["datasets"]}
    shared: dict[str, dict[str, str]] = defaultdict(dict)
    for metric in model["metrics"]:
        (sql,) = (one["expression"] for one in metric["expression"]["dialects"])
        (dataset,) = {name for name in re.findall(r"\b(\w+)\.\w+", sql) if name in sources} or {""}
        shared[dataset or questions_dataset(metric["name"], questions)][metric["name"]] = sql
    found: dict[str, Any] = {}
    for dataset, metrics in shared.items():
        day, columns = days[dataset], ", ".join(f"{sql} AS {name}" for name, sql in metrics.items())
        rows = f"FROM {sources[dataset]} AS {dataset}"
        by_month = answered(files, f"SELECT date_trunc('month', {day}) AS month, {columns} {rows} GROUP BY 1")
        where = f"WHERE {day} >= DATE '{questions.first}' AND {day} < DATE '{questions.end}'"
        (whole,) = answered(files, f"SELECT {columns} {rows} {where}")
        for name in metrics:
            told = {"months": {str(row["month"])[:10]: number(row[name]) for row in by_month}}
            if not questions.is_by_month(name):
                told["whole"] = number(whole[name])
            found[name] = told
    return found


def questions_dataset(metric: str, questions: Questions) -> str:
    """A count of all rows names no column: its dataset is that of the MetricFlow definition."""
    (model,) = questions.models(metric)
    return model


def answered(files: Files, sql: str) -> list[dict[str, Any]]:
    result = files.sql.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def known(row: dict[str, Any]) -> dict[str, Any]:
    """Pandas writes NaN for what is not there."""
    return {name: None if value is None or value != value else value for name, value in row.items()}


def number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def group(value: Any) -> str | None:
    return None if value is None or value != value else str(value)


def main() -> None:
    files, asked = Files(Path(sys.argv[1])), json.load(sys.stdin)
    questions = Questions(asked, files)
    verdict = judged(files)
    metrics = [name for name in files.metrics if not files.is_part(name)]
    answers: dict[str, Any] = {}
    if "boring" in asked["readers"]:
        boring = Boring(files, questions)
        answers["boring"] = {metric: boring.answers(metric) for metric in metrics}
    if "metricflow" in asked["readers"]:
        answers["metricflow"] = metricflow_answers(files, questions, metrics)
    if "ossie" in asked["readers"]:
        answers["ossie"] = ossie_answers(files, questions)
    json.dump({"verdict": verdict, "facts": {m: files.facts(m) for m in metrics}, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
