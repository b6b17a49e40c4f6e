"""Features that know too much are named."""

import numpy as np

from rapport.engine.statistics.additive import Features
from rapport.engine.statistics.leakage import scan_for_leaks
from unit.engine.statistics.additive.companies import company


def test_a_field_filled_because_of_the_outcome_is_flagged_and_blocks() -> None:
    features, events = company(2000)
    rng = np.random.default_rng(0)
    tag = np.where(rng.random(2000) < 0.97, np.where(events, "signed", "lost"), "open")
    scan = scan_for_leaks(Features({**features.columns, "tag": Features.of({"t": tag.astype(object)})["t"]}), events)
    assert [one.name for one in scan.flagged] == ["tag"]
    assert scan.suspects[0].name == "tag"
    assert scan.blocks
    assert scan.overall is not None
    assert scan.overall > 0.95
    assert "Was it known before the outcome" in scan.flagged[0].sentence


def test_honest_features_pass() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 6))
    events = rng.random(2000) < 1 / (1 + np.exp(2 - x.sum(axis=1) * 0.4))
    scan = scan_for_leaks(Features.of({f"x{i}": x[:, i] for i in range(6)}), events)
    assert scan.flagged == ()
    assert not scan.blocks
    assert len(scan.suspects) == 6


def test_nothing_can_be_told_without_events() -> None:
    features, _ = company(100)
    scan = scan_for_leaks(features, np.zeros(100, dtype=bool))
    assert scan.overall is None
    assert not scan.blocks
    assert scan.flagged == ()
