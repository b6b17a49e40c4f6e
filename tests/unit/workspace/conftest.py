"""What tests of the workspace share."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from small_company import SmallCompany, small_company


@pytest.fixture
def company(db: None) -> SmallCompany:
    return small_company()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Pages remember counts for seconds; a test must not see another's."""
    cache.clear()
