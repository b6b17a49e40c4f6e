"""Members of JSON documents as text."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest

from rapport.engine.crm.history import json_text
from rapport.engine.runner import Runner


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"form name":"demo"}', "demo"),
        ('{"form name":3.5}', "3.5"),
        ('{"form name":true}', "true"),
        ('{"form name":null}', None),
        ('{"other":1}', None),
        ("[1, 2]", None),
        ("{broken", None),
        (None, None),
    ],
)
def test_a_member_is_text_and_what_cannot_be_read_is_unknown(
    runner: Runner, document: str | None, expected: str | None
) -> None:
    rows = ibis.memtable(pa.table({"d": pa.array([document], pa.string())}))
    assert runner.to_arrow(rows.select(t=json_text(rows.d, "form name")))["t"].to_pylist() == [expected]
