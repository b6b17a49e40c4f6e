"""Which state of the published data figures were made from."""

from __future__ import annotations

import hashlib
import json

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.lake.models import LakeBatch

MEASURED_TABLES = tuple(name for name, table in TABLES.items() if table.room not in ("scores", "actions"))


def data_version() -> str:
    """What has been published of the tables that metrics read; changes with every batch of them."""
    batches = LakeBatch.objects.filter(table__in=MEASURED_TABLES).order_by("table").values_list("table", "batch")
    return hashlib.sha256(json.dumps(list(batches)).encode()).hexdigest()
