"""Customers drawn event by event from a model's story, knowing nothing of its formulas."""

from __future__ import annotations

import numpy as np

from rapport.engine.scores.lifetime.models import PurchaseGroups, SpendGroups, TermGroups

DAYS = 730


def purchase_times(name: str, parameters: tuple[float, ...], random: np.random.Generator, until: float) -> list[float]:
    """Repeat purchases of one customer in (0, until]: waiting times drawn one by one, leaving as the model says."""
    first, second, third, fourth = parameters
    rate = random.gamma(first) / second
    if name == "pareto_nbd":
        leaving, end = 0.0, min(until, random.exponential(1 / max(random.gamma(third) / fourth, 1e-12)))
    else:
        leaving, end = random.beta(third, fourth), until
    times: list[float] = []
    if name == "mbg_nbd" and random.random() < leaving:
        return times
    now = random.exponential(1 / max(rate, 1e-12))
    while now <= end:
        times.append(now)
        if leaving and random.random() < leaving:
            break
        now += random.exponential(1 / rate)
    return times


def customers(
    name: str, parameters: tuple[float, ...], *, count: int, seed: int, ahead: float = 0.0
) -> tuple[PurchaseGroups, np.ndarray]:
    """Histories of customers 30 to 730 days old, and how often each buys within `ahead` days after."""
    random = np.random.default_rng(seed)
    ages = random.uniform(30, DAYS, count)
    rows, later = [], []
    for age in ages:
        times = purchase_times(name, parameters, random, age + ahead)
        before = [t for t in times if t <= age]
        rows.append((len(before), before[-1] if before else 0.0, age))
        later.append(len(times) - len(before))
    x, t_x, age_column = (np.array(column) for column in zip(*rows, strict=True))
    return PurchaseGroups(x, t_x, age_column), np.array(later, dtype=float)


def donors(parameters: tuple[float, ...], *, count: int, opportunities: int, seed: int) -> PurchaseGroups:
    random = np.random.default_rng(seed)
    a, b, c, d = parameters
    rows = []
    for buying, leaving in zip(random.beta(a, b, count), random.beta(c, d, count), strict=True):
        lived = min(int(random.geometric(max(leaving, 1e-12))) - 1, opportunities)
        given = np.flatnonzero(random.random(lived) < buying) + 1
        rows.append((len(given), given[-1] if len(given) else 0, opportunities))
    distinct, weight = np.unique(np.array(rows, dtype=float), axis=0, return_counts=True)
    return PurchaseGroups(*distinct.T, weight.astype(float))


def spenders(parameters: tuple[float, ...], *, count: int, seed: int) -> SpendGroups:
    random = np.random.default_rng(seed)
    p, q, v = parameters
    x = random.geometric(0.4, count).astype(float)
    rate = random.gamma(q, size=count) / v
    amounts = [random.gamma(p, size=int(n)).mean() / r for n, r in zip(x, rate, strict=True)]
    return SpendGroups(x, np.array(amounts))


def contracts(parameters: tuple[float, ...], *, count: int, renewals: int, seed: int) -> TermGroups:
    """Contracts of one cohort, all due up to `renewals` times."""
    random = np.random.default_rng(seed)
    a, b, c = parameters
    alive = [count]
    stays = 1 - random.beta(a, b, count)
    there = np.ones(count, dtype=bool)
    for k in range(1, renewals + 1):
        there &= random.random(count) < stays ** (k**c - (k - 1) ** c)
        alive.append(int(there.sum()))
    return TermGroups.of_survivors(np.array(alive))
