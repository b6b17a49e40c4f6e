"""Spark as it is quickest over few rows, where a query costs what planning it costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rapport.engine.execution.spark import SparkRunner

PLAIN = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",  # nothing is planned again midway
    "spark.sql.codegen.wholeStage": "false",  # nor compiled to Java
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture(scope="package", autouse=True)
def _plain(spark: SparkRunner) -> Iterator[None]:
    before = {name: spark.session.conf.get(name, None) for name in PLAIN}
    for name, value in PLAIN.items():
        spark.session.conf.set(name, value)
    yield
    for name, former in before.items():
        if former is None:
            spark.session.conf.unset(name)
        else:
            spark.session.conf.set(name, former)
