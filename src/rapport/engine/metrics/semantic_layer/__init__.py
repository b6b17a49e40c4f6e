"""The metric catalogue for other tools: rows as tables, definitions for MetricFlow and Ossie, with the same numbers."""

from rapport.engine.metrics.semantic_layer.catalogue import Catalogue, LeftOut, catalogue_of
from rapport.engine.metrics.semantic_layer.datasets import Dataset
from rapport.engine.metrics.semantic_layer.metricflow import CALENDAR, metricflow_project
from rapport.engine.metrics.semantic_layer.ossie import VERSIONS, left_out_of_ossie, ossie_model
from rapport.engine.metrics.semantic_layer.rows import dataset_rows

__all__ = [
    "CALENDAR",
    "VERSIONS",
    "Catalogue",
    "Dataset",
    "LeftOut",
    "catalogue_of",
    "dataset_rows",
    "left_out_of_ossie",
    "metricflow_project",
    "ossie_model",
]
