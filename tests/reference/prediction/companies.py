"""Public data sets for prediction, as features and events. Each has a trap, named here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from rapport.engine.statistics.additive import Features
from rapport.engine.statistics.auc import Flags

FILLED_BY_SALES = (
    "Tags",
    "Lead Quality",
    "Lead Profile",
    "Asymmetrique Activity Index",
    "Asymmetrique Profile Index",
    "Asymmetrique Activity Score",
    "Asymmetrique Profile Score",
)
DURING_SALES = ("Last Activity", "Last Notable Activity")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def telco(real_data: Path) -> tuple[Features, Flags]:
    """7,043 customers, 26.5 % left. Boosting is no better than a linear model; published .99 come of resampling."""
    types = {"TotalCharges": pa.float64(), "SeniorCitizen": pa.float64()}
    rows = _read(real_data / "telco_churn_ibm" / "Telco-Customer-Churn.csv.gz", types=types, unknown=["", " "])
    return _features(rows, without=("customerID", "Churn")), _is(rows, "Churn", "Yes")


def leads(real_data: Path, *, without: tuple[str, ...] = (*FILLED_BY_SALES, *DURING_SALES)) -> tuple[Features, Flags]:
    """9,240 leads of X Education, 38.5 % converted. Fields that sales fill in know the outcome."""
    rows = _read(real_data / "x_education_leads" / "Leads.csv.gz")
    events = _is(rows, "Converted", 1)
    return _features(rows, without=("Converted", "Prospect ID", "Lead Number", *without)), events


def shoppers(real_data: Path) -> tuple[Features, Flags, np.ndarray]:
    """12,330 sessions of a year, with the month (2..12), 15.5 % bought. PageValues knows the purchase."""
    codes = ("OperatingSystems", "Browser", "Region", "TrafficType", "Weekend")
    path = real_data / "online_shoppers" / "online_shoppers_intention.csv.gz"
    rows = _read(path, delimiter=";", types=dict.fromkeys(codes, pa.string()))
    months = np.array([1 + _MONTHS.index(month) for month in rows["Month"].to_pylist()])
    return _features(rows, without=("Revenue", "Month")), _is(rows, "Revenue", True), months


def ifood(real_data: Path) -> tuple[Features, Flags]:
    """2,240 customers, 14.9 % answered a campaign. Few events for many features."""
    path = real_data / "ifood_marketing_campaign" / "marketing_campaign.csv.gz"
    rows = _read(path, delimiter="\t", parsers=["%d-%m-%Y"])
    return _features(rows, without=("Response", "ID")), _is(rows, "Response", 1)


def _read(
    path: Path,
    *,
    delimiter: str = ",",
    types: dict[str, pa.DataType] | None = None,
    unknown: list[str] | None = None,
    parsers: list[str] | None = None,
) -> pa.Table:
    convert = csv.ConvertOptions(
        column_types=types, null_values=unknown or [""], strings_can_be_null=True, timestamp_parsers=parsers
    )
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    return csv.read_csv(path, parse_options=parse, convert_options=convert)


def _features(rows: pa.Table, *, without: tuple[str, ...]) -> Features:
    return Features.from_arrow(rows, [name for name in rows.column_names if name and name not in without])


def _is(rows: pa.Table, name: str, value: object) -> Flags:
    return np.array([one == value for one in rows[name].to_pylist()], dtype=bool)
