"""Clusters are found where they were planted, and not where there are none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from rapport.engine.statistics.clusters.model import Clusters, Feature, find_clusters

FEATURES = [
    Feature(name="recency", is_log=True),
    Feature(name="orders", is_log=True),
    Feature(name="amount", is_log=True),
    Feature(name="web", block="channel"),
    Feature(name="store", block="channel"),
]


def planted(count: int, seed: int, *, groups: int = 3) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Shoppers of three kinds: frequent on the web, seldom in stores, gone."""
    draw = np.random.default_rng(seed)
    kind = draw.integers(0, groups, count)
    web = np.clip(np.array([0.9, 0.1, 0.5])[kind] + draw.normal(0, 0.08, count), 0, 1)
    values = {
        "recency": np.exp(np.array([2.0, 3.5, 5.5])[kind] + draw.normal(0, 0.4, count)),
        "orders": np.exp(np.array([3.0, 1.2, 1.0])[kind] + draw.normal(0, 0.35, count)),
        "amount": np.exp(np.array([6.5, 5.5, 4.0])[kind] + draw.normal(0, 0.5, count)),
        "web": web,
        "store": 1 - web,
    }
    return values, kind


def structureless(count: int, seed: int) -> dict[str, np.ndarray]:
    """Skewed and related, as money and orders are, and in one piece."""
    draw = np.random.default_rng(seed)
    size = draw.normal(0, 1, count)
    web = draw.beta(3, 3, count)
    return {
        "recency": np.exp(4 - 0.5 * size + draw.normal(0, 1, count)),
        "orders": np.exp(1 + 0.8 * size + draw.normal(0, 0.6, count)),
        "amount": np.exp(5 + size + draw.normal(0, 0.6, count)),
        "web": web,
        "store": 1 - web,
    }


@pytest.fixture(scope="module")
def shoppers() -> tuple[dict[str, np.ndarray], np.ndarray]:
    return planted(2_000, 1)


@pytest.fixture(scope="module")
def found(shoppers: tuple[dict[str, np.ndarray], np.ndarray]) -> Clusters:
    clusters = find_clusters(FEATURES, shoppers[0]).clusters
    assert clusters is not None
    return clusters


def test_planted_groups_are_found(shoppers: tuple[dict[str, np.ndarray], np.ndarray], found: Clusters) -> None:
    values, kind = shoppers
    assert len(found.centroids) == 3
    assert adjusted_rand_score(kind, found.assign(values)) > 0.9


def test_others_of_the_same_kinds_are_placed_by_the_frozen_centroids(found: Clusters) -> None:
    values, kind = planted(3_000, 99)
    again = Clusters.from_document(json.loads(json.dumps(found.to_document())))
    assert again == found
    assert adjusted_rand_score(kind, again.assign(values)) > 0.9


def test_a_row_is_placed_alone_as_among_others(
    shoppers: tuple[dict[str, np.ndarray], np.ndarray], found: Clusters
) -> None:
    values = {name: column[:40] for name, column in shoppers[0].items()}
    alone = [int(found.assign({n: c[i : i + 1] for n, c in values.items()})[0]) for i in range(40)]
    assert alone == found.assign(values).tolist()


def test_the_largest_comes_first(shoppers: tuple[dict[str, np.ndarray], np.ndarray], found: Clusters) -> None:
    sizes = np.bincount(found.assign(shoppers[0]))
    assert list(sizes) == sorted(sizes, reverse=True)


def test_the_same_rows_give_the_same_clusters(
    shoppers: tuple[dict[str, np.ndarray], np.ndarray], found: Clusters
) -> None:
    assert find_clusters(FEATURES, shoppers[0]).clusters == found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_in_one_piece_have_no_clear_clusters(seed: int) -> None:
    sought = find_clusters(FEATURES, structureless(1_500, seed))
    assert sought.clusters is None
    assert "no clear groups" in sought.reason


def test_too_few_and_all_alike_have_none() -> None:
    few = {name: column[:20] for name, column in structureless(100, 1).items()}
    assert "too few" in find_clusters(FEATURES, few).reason
    alike = {name: np.full(500, 3.0) for name in few}
    assert "the same" in find_clusters(FEATURES, alike).reason


def test_an_unknown_value_stands_in_the_middle(found: Clusters) -> None:
    unknown = {name: np.array([np.nan]) for name in ("recency", "orders", "amount", "web", "store")}
    middle = {s.name: np.array([np.expm1(s.centre) if s.is_log else s.centre]) for s in found.scales}
    assert found.assign(unknown).tolist() == found.assign(middle).tolist()
