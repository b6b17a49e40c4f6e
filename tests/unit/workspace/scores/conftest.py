"""A small definition to make versions of."""

from __future__ import annotations

import pytest

DOCUMENT = """
name: lead_readiness
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 80}, {label: B, from: 40}, {label: C, from: 0}]
outcome: {event: deal_won, within_days: 90}
ready_at: {enter: 80, leave: 70}
groups:
  visits:
    type: engagement
    criteria:
      - {name: visit, points: 8, per: {event: page_view}}
"""


@pytest.fixture
def document() -> str:
    return DOCUMENT
