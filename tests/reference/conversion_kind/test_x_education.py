"""X Education's leads: the fields that sales filled in after talking to a lead are found and left out.

A teaching case without dates (9,240 leads, 38.5 % converted). Here every third lead comes in the order of its
number, and buys within 20 days of it; everything else is as published.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.conversion.model import ConversionModel, model_of
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

pytestmark = pytest.mark.slow

START, GAP = at(2022, 1, 1), timedelta(hours=1)
RULE = "name: buys, subject: contact, kind: conversion, outcome: {event: order_placed, within_days: 21}"
NOT_ANSWERED = ("", "Select")


def company(folder: Path) -> dict[str, list[dict[str, Any]]]:
    with gzip.open(folder / "Leads.csv.gz", "rt", encoding="utf-8") as file:
        leads = sorted(csv.DictReader(file), key=lambda row: int(row["Lead Number"]))[::3]
    contacts, orders = [], []
    for n, lead in enumerate(leads):
        when = START + n * GAP
        told = {k: v for k, v in lead.items() if k not in ("", "Prospect ID", "Converted") and v not in NOT_ANSWERED}
        contacts.append({"id": f"c{n:05}", "created_at": when, "recorded_at": when, "properties": json.dumps(told)})
        if lead["Converted"] == "1":
            bought = when + timedelta(days=1 + n % 20)
            orders.append({"id": f"o{n:05}", "contact_id": f"c{n:05}", "ordered_at": bought, "recorded_at": bought})
    return {"contacts": contacts, "orders": orders}


@pytest.fixture(scope="module")
def model(real_data: Path) -> Iterator[ConversionModel]:
    with DuckdbRunner(threads=2) as runner:
        tables = company(real_data / "x_education_leads")
        view = as_known(snapshot(runner, **tables), tables["contacts"][-1]["created_at"])
        run = KINDS["conversion"].population(parse_definition("{" + RULE + "}"), view, runner=runner)
        assert run.model is not None
        yield model_of(run.model.text)


def test_what_sales_filled_in_is_left_out_with_its_evidence(model: ConversionModel) -> None:
    out = {leak.name: leak.evidence for leak in model.leaks if not leak.kept}
    assert "contact.Tags" in out
    assert "AUC" in out["contact.Tags"]
    assert not {f.name for f in model.features} & set(out)


def test_what_the_lead_did_itself_is_used(model: ConversionModel) -> None:
    used = {f.name for f in model.features}
    assert "contact.Total Time Spent on Website" in used
    assert model.reason_null is None


def test_numbers_of_records_and_texts_for_one_are_not_looked_at(model: ConversionModel) -> None:
    assert model.left_out["contact.Lead Number"] == "numbers the records"
