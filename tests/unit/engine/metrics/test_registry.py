"""Every spec is complete and consistent with the declared tables."""

from __future__ import annotations

import re

import pytest

from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics import METRICS, Additivity, Kind, NullPolicy, TimeBasis
from rapport.engine.metrics.derived import DerivedMetric
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.pages import ROOMS
from rapport.engine.metrics.relation import Dating

SPECS = list(METRICS.values())


@pytest.mark.parametrize("spec", SPECS, ids=list(METRICS))
class TestEverySpec:
    def test_says_what_a_reader_needs(self, spec) -> None:  # type: ignore[no-untyped-def]
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", spec.id)
        assert spec.definition_version >= 1
        for text in (spec.sentence, spec.how_to_read, spec.not_when, spec.source):
            assert not text[0].islower()
            assert text.endswith((".", ")")) or text.endswith("`.")
        assert spec.formula
        assert spec.room in set(ROOMS)

    def test_names_tables_columns_and_variants_that_exist(self, spec) -> None:  # type: ignore[no-untyped-def]
        for counted in spec.counted:
            for path in (*counted.paths, *counted.relation.needs_any, counted.relation.table):
                table, _, column = path.partition(".")
                assert not column or column.partition("=")[0] in TABLES[table].columns
            for dimension in counted.relation.dimensions.values():
                if dimension.table is not None:
                    assert dimension.attribute in TABLES[dimension.table].columns
        assert set(spec.variants) <= set(METRICS) - {spec.id}

    def test_its_parts_agree(self, spec) -> None:  # type: ignore[no-untyped-def]
        """What stands is no event, what is counted is 0 where nothing is, and a rolling metric has a window."""
        if isinstance(spec, DerivedMetric):
            assert (spec.denominator is None) == (spec.null_policy is NullPolicy.ZERO)
            return
        counted = isinstance(spec.figure, Amount)
        assert (spec.null_policy is NullPolicy.ZERO) == counted
        assert spec.additivity is Additivity.NON_ADDITIVE or counted
        assert (spec.time_basis is TimeBasis.ROLLING) == (spec.rolling_days is not None)
        assert (spec.kind is Kind.COHORT) == spec.is_cohort
        if spec.time_basis is TimeBasis.SNAPSHOT:
            assert spec.relation.dating is not Dating.EVENT


def test_the_metrics_promised_are_there() -> None:
    promised = {
        *("leads", "win_rate", "win_rate_amount", "win_rate_cohort", "sales_cycle_length", "stage_duration"),
        *("open_deals", "pipeline_value", "new_customers", "repeat_customer_ratio", "repeat_customer_ratio_period"),
        *("average_basket_value", "purchase_frequency", "campaign_responses", "campaign_revenue", "backlog"),
        *("avg_time_to_resolution", "nps", "csat"),
    }
    assert promised <= set(METRICS)
    assert len(METRICS) == len(SPECS) >= 50
