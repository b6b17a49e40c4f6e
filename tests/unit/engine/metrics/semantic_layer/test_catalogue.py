"""The whole catalogue as definitions: valid, complete, and nothing lost without a word."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
import yaml

from ossie_schema import OSSIE_SCHEMA, OSSIE_SCHEMA_0_2
from outside_readers import read
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics import METRICS
from rapport.engine.metrics.coverage import Coverage
from rapport.engine.metrics.derived import DerivedMetric
from rapport.engine.metrics.period import Grain
from rapport.engine.metrics.semantic_layer import Catalogue, catalogue_of, metricflow_project, ossie_model
from rapport.engine.metrics.semantic_layer.formulas import formula_of, part_name
from rapport.engine.metrics.spec import MetricSpec
from tiny_company import arrow_rows, drawn_tables, with_history

LEFT_OUT = {  # each with what its reason says
    "data_quality_score": "arithmetic",
    "data_quality_score_cells": "many times as many",
    "fully_valid_share": "many times as many",
    **{
        f"campaign_{of}_{model}": "many times as many"
        for of in ("purchases", "revenue")
        for model in ("markov", "shapley")
    },
    "cac_payback_months": "condition",
    "ltv_simple": "condition",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Of a company whose sources fill every table and column."""
    import ibis

    tables = {name: ibis.memtable(arrow_rows(name, rows)) for name, rows in with_history(drawn_tables(3), 3).items()}
    paths = {path for metric in METRICS.values() for path in metric.paths}
    snapshot = Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR")
    return catalogue_of(METRICS.values(), snapshot, Coverage({}, {}, frozenset(paths), None), grain=Grain.MONTH)


@pytest.fixture(scope="module")
def project(catalogue: Catalogue) -> dict[str, str]:
    return metricflow_project(catalogue)


class TestCatalogue:
    def test_every_metric_is_told_or_left_out_with_a_reason(self, catalogue: Catalogue) -> None:
        reasons = {one.metric: one.reason for one in catalogue.left_out if one.what == "metric"}
        assert set(catalogue.metrics) | set(reasons) == set(METRICS)
        assert not set(catalogue.metrics) & set(reasons)
        assert {m: r for m, r in reasons.items() if LEFT_OUT.get(m, "It is made of") not in r} == {}
        assert set(LEFT_OUT) <= set(reasons)
        assert len(catalogue.metrics) / len(METRICS) > 0.95

    def test_aggregates_have_names_of_their_own(self, catalogue: Catalogue) -> None:
        names = Counter(name for dataset in catalogue.datasets for name in dataset.measures)
        assert max(names.values()) == 1
        assert all(re.fullmatch(r"[a-z]((?!__)[a-z0-9_])*[a-z0-9]", name) for name in names)

    def test_dimensions_left_out_are_named(self, catalogue: Catalogue) -> None:
        lost = {(one.metric, one.what) for one in catalogue.left_out}
        assert ("win_rate", "dimension segment") in lost
        assert ("nps", "dimension owner") in lost  # which answer of a person is the newest depends on the group
        assert ("win_rate", "dimension owner") not in lost


class TestFormulas:
    @pytest.mark.parametrize(
        "metric", [m for m in METRICS.values() if isinstance(m, DerivedMetric)], ids=lambda m: m.id
    )
    def test_the_sql_reckons_as_the_metric_does(self, metric: DerivedMetric) -> None:
        formula = formula_of(metric)
        if formula is None:
            assert metric.id in LEFT_OUT
            return
        parts = {name: 2.5 * number + 1 for number, name in enumerate(metric.parts)}
        columns = {part_name(part): parts[name] for name, part in metric.parts.items()}
        given = ", ".join(f"{value}::DOUBLE AS {name}" for name, value in columns.items())
        ours = metric.numerator(parts) / (metric.denominator(parts) if metric.denominator else 1)
        told = duckdb.sql(f"SELECT {formula} FROM (SELECT {given})").fetchone()
        assert told is not None
        assert told[0] == pytest.approx(ours)


class TestMetricFlow:
    def test_parser_and_validator_find_no_error(
        self, project: dict[str, str], catalogue: Catalogue, tmp_path: Path
    ) -> None:
        for path, text in project.items():
            file = tmp_path / "metricflow" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        (tmp_path / "OSI").mkdir()
        (tmp_path / "OSI/rapport_metrics.json").write_text(json.dumps(ossie_model(catalogue)), "utf-8")
        verdict = read(tmp_path, readers=())["verdict"]
        assert verdict["errors"] == []
        assert verdict["semantic_models"] == len(catalogue.datasets)
        assert verdict["metrics"] > len(catalogue.metrics)
        assert verdict["ossie_metrics"] == len(ossie_model(catalogue)["semantic_model"][0]["metrics"])

    def test_levels_are_not_added_up_over_time(self, project: dict[str, str]) -> None:
        measures = _measures(project, "open_deals")
        assert measures["open_deals_count_rows"]["non_additive_dimension"] == {
            "name": "period_start",
            "window_choice": "max",
        }
        assert "non_additive_dimension" not in _measures(project, "closed_deals")["closed_deals_count_rows"]

    def test_words_for_people_go_along(self, project: dict[str, str]) -> None:
        metrics = {m["name"]: m for m in _document(project, "closed_deals")["metrics"]}
        spec = METRICS["win_rate"]
        assert spec.how_to_read in metrics["win_rate"]["description"]
        assert metrics["win_rate"]["config"]["meta"]["rapport"]["variants"] == list(spec.variants)
        assert metrics["win_rate"]["config"]["meta"]["rapport"]["unit"] == "fraction"


class TestOssie:
    def test_both_versions_keep_to_the_schema(self, catalogue: Catalogue) -> None:
        jsonschema.Draft202012Validator(OSSIE_SCHEMA).validate(ossie_model(catalogue))
        jsonschema.Draft202012Validator(OSSIE_SCHEMA_0_2).validate(ossie_model(catalogue, version="0.2"))

    def test_window_unit_and_additivity_are_in_the_extension(self, catalogue: Catalogue) -> None:
        metrics = {m["name"]: m for m in ossie_model(catalogue, version="0.2")["metrics"]}
        (extension,) = metrics["backlog"]["custom_extensions"]
        facts = json.loads(extension["data"])["rapport"]
        assert extension["vendor_name"] == "RAPPORT"
        assert (facts["unit"], facts["additivity"], facts["grain"]) == ("count", "semi-additive over time", "month")
        rolling = next(m for m in METRICS.values() if isinstance(m, MetricSpec) and m.rolling_days)
        assert (
            json.loads(metrics[rolling.id]["custom_extensions"][0]["data"])["rapport"]["window_days"]
            == rolling.rolling_days
        )

    def test_most_metrics_are_one_expression(self, catalogue: Catalogue) -> None:
        assert len(ossie_model(catalogue)["semantic_model"][0]["metrics"]) / len(METRICS) > 0.85


def _document(project: dict[str, str], dataset: str) -> dict[str, Any]:
    return yaml.safe_load(project[f"models/metrics/{dataset}.yml"])


def _measures(project: dict[str, str], dataset: str) -> dict[str, Any]:
    (model,) = _document(project, dataset)["semantic_models"]
    return {measure["name"]: measure for measure in model["measures"]}
