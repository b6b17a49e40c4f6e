"""Customer equity: what all customers together are expected to bring, by cohort, and how contracts are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.errors import DataError
from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.curves import purchases
from rapport.engine.scores.lifetime.expectation import Z_90, Histories, times_alive, worth_of
from rapport.engine.scores.lifetime.fitted import EVERYONE, STEP, Cohort, Fitted, Known
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS, histories
from rapport.engine.scores.lifetime.measures import Question, numbers, question_of
from rapport.engine.scores.lifetime.models.groups import Floats
from rapport.engine.scores.lifetime.residual import Running, full_months, lost_of, months_of, months_under
from rapport.engine.scores.lifetime.rows import NOT_FITTED, fitted_model, of_audience
from rapport.engine.scores.lifetime.spec import DAYS_A_MONTH, CustomerDefinition
from rapport.engine.scores.lifetime.terms import terms
from rapport.engine.scores.population import PopulationRun

_DRAWS, _DRAWN = 200, 1_000  # futures of so many customers, to see how far chance goes
_SEED = 7
_HISTORY_KEYS = ("cohort", "x", "t_x", "age", "spend_count")
_TERM_KEYS = ("cohort", "renewals", "age_days")


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What some customers are expected to bring within the horizon, discounted to now.

    Attributes:
        label: the cohort; empty for all.
        customers: with a purchase, or running contracts.
        value, low, high: money, and the 90 % interval of what will really come: parameters and chance both.
    """

    label: str
    customers: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class CustomerEquity:
    """Attributes: currency; horizon_days; total; cohorts, the largest value first (empty without cohorts)."""

    currency: str
    horizon_days: int
    total: Worth
    cohorts: tuple[Worth, ...]


@dataclass(frozen=True, kw_only=True)
class RetentionCurve:
    """How contracts of a plan and cohort are kept.

    Attributes:
        label: plan and cohort; empty for all.
        contracts, ended: that it was learnt from.
        months: 0, one term, two terms ...; kept: share of contracts that come as far.
        residual_months: a new contract's expected months within those terms, not discounted.
    """

    label: str
    contracts: int
    ended: int
    months: tuple[int, ...]
    kept: tuple[float, ...]
    residual_months: float


def customer_equity(
    definition: CustomerDefinition, view: AsOf, *, runner: Runner, run: PopulationRun | None = None
) -> CustomerEquity:
    """The whole base's value, by the run's model (None fits one at the view's instant).

    Customers are counted by history, so that the cost does not grow with their number.
    Raises: DataError where there is no customer, or no amount is known.
    """
    model = run.model if run is not None else fitted_model(definition, view, runner=runner)
    if model is None:
        raise DataError(f"Customer equity cannot be told: {NOT_FITTED}.", where=definition.name)
    fitted, question = Fitted.from_json(model.text), question_of(definition, "value")
    if not definition.by_contract and fitted.everyone.spend is None:
        raise DataError("Customer equity needs amounts.", where=definition.name, next_step="Map orders.amount.")
    parts = _contracts if definition.by_contract else _buyers
    found = parts(definition, view, fitted, question, runner)
    own = [_worth(label, [part]) for label, part in found.items() if label != EVERYONE]
    return CustomerEquity(
        currency=view.snapshot.currency,
        horizon_days=definition.horizon_days,
        total=_worth(EVERYONE, list(found.values())),
        cohorts=tuple(sorted(own, key=lambda w: (-w.value, w.label))),
    )


@dataclass(frozen=True)
class _Part:
    """Customers of one cohort: their value, its standard deviation by parameters, and its variance by chance."""

    customers: int
    value: float
    shared: float
    chance: float


def _worth(label: str, parts: list[_Part]) -> Worth:
    """Cohorts' parameters are drawn toward one parent, so their errors are added as if they went together."""
    value = sum(p.value for p in parts)
    deviation = np.sqrt(sum(p.shared for p in parts) ** 2 + sum(p.chance for p in parts))
    reach = np.exp(Z_90 * deviation / value) if value > 0 else 1.0
    customers = sum(p.customers for p in parts)
    return Worth(label=label, customers=customers, value=value, low=float(value / reach), high=float(value * reach))


def _buyers(
    definition: CustomerDefinition, view: AsOf, fitted: Fitted, question: Question, runner: Runner
) -> dict[str, _Part]:
    rows = of_audience(histories(definition, view), definition, view)
    rows = rows.mutate(spend_count=ibis.ifelse(rows.spend > 0, rows.spend_count, 0))
    keys = list(_HISTORY_KEYS)
    counted = rows.group_by(keys).aggregate(n=lambda t: t.count(), spend=lambda t: t.spend.sum()).order_by(keys)
    found = _columns(counted, ("x", "t_x", "age", "spend_count", "n", "spend"), runner)
    spend = found["spend"] / np.maximum(found["n"] * found["spend_count"], 1) / TEN_THOUSANDTHS
    everybody = Histories(
        x=found["x"],
        t_x=found["t_x"],
        age=found["age"],
        spend_count=found["spend_count"],
        spend=np.where(found["spend_count"] > 0, spend, 0.0),
    )
    return _by_cohort(fitted, found, lambda c, own: _bought(c, everybody.take(own), found["n"][own], question))


def _bought(cohort: Cohort, rows: Histories, n: Floats, question: Question) -> _Part:
    assert cohort.spend is not None
    worth = worth_of(cohort.spend.model, rows)
    times = times_alive(purchases, cohort.known.model, rows, question.ahead)
    value = float(n @ (times * worth)) * question.kept
    by_times = _spread(cohort.known, lambda m: float(n @ (times_alive(purchases, m, rows, question.ahead) * worth)))
    by_worth = _spread(cohort.spend, lambda m: float(n @ (times * worth_of(m, rows))))
    shared = float(np.hypot(by_times, by_worth)) * question.kept
    return _Part(int(n.sum()), value, shared, _chance(cohort, rows, n, question))


def _chance(cohort: Cohort, rows: Histories, n: Floats, question: Question) -> float:
    """Variance of the sum by chance alone, from futures drawn for some of the customers (amounts not discounted)."""
    assert cohort.spend is not None
    random = np.random.default_rng(_SEED)
    some = rows.take(random.choice(len(n), min(len(n), _DRAWN), replace=False, p=n / n.sum()))
    purchase_model: Any = cohort.known.model
    spend_model: Any = cohort.spend.model
    horizon = max(1.0, np.round(question.ahead.horizon))
    times = purchase_model.draw_future(some.groups, horizon=horizon, draws=_DRAWS, random=random)
    money = spend_model.draw_spend(some.spend_count, some.spend, times, random=random) * question.kept
    return float(money.var(axis=1).mean() * n.sum())


def _contracts(
    definition: CustomerDefinition, view: AsOf, fitted: Fitted, question: Question, runner: Runner
) -> dict[str, _Part]:
    rows = of_audience(terms(definition, view, renewal_months=fitted.renewal_months or 1), definition, view)
    rows = rows.filter(rows.running)
    amount = (rows.monthly.cast("float64") / float(TEN_THOUSANDTHS)).fill_null(0.0)
    told = rows.mutate(_amount=amount)
    keys = list(_TERM_KEYS)
    counted = told.group_by(keys).aggregate(
        n=lambda t: t.count(), monthly=lambda t: t["_amount"].sum(), squares=lambda t: (t["_amount"] ** 2).sum()
    )
    found = _columns(counted.order_by(keys), ("renewals", "age_days", "n", "monthly", "squares"), runner)
    everybody = Running(renewals=found["renewals"], age_days=found["age_days"])
    term = fitted.renewal_months or 1

    def part(cohort: Cohort, own: np.ndarray) -> _Part:
        running, monthly = everybody.take(own), found["monthly"][own]
        days, rate = question.horizon_days, question.rate_per_day
        months = months_of(cohort, running, horizon_days=days, renewal_months=term, rate_per_day=rate).value
        lost = lost_of(cohort, running, horizon_days=days, renewal_months=term).value

        def total(model: Any) -> float:
            return float(monthly @ months_under(model, cohort, running, days, term, rate)) * question.kept

        all_or_nothing = found["squares"][own] @ (lost * (1 - lost)) * (full_months(days, rate) * question.kept) ** 2
        value = float(monthly @ months) * question.kept
        return _Part(int(found["n"][own].sum()), value, _spread(cohort.known, total), float(all_or_nothing))

    return _by_cohort(fitted, found, part)


def retention_curves(
    definition: CustomerDefinition, run: PopulationRun, *, terms_ahead: int = 12
) -> tuple[RetentionCurve, ...]:
    """How contracts are kept, of all and of each plan and cohort, the largest first. Empty where nothing was fitted."""
    if run.model is None or not definition.by_contract:
        return ()
    fitted = Fitted.from_json(run.model.text)
    months = fitted.renewal_months or 1
    start = Running(renewals=np.zeros(1), age_days=np.zeros(1))
    told = []
    for label, cohort in sorted(fitted.cohorts.items(), key=lambda item: (item[0] != EVERYONE, -item[1].customers)):
        model: Any = cohort.known.model
        days = terms_ahead * months * DAYS_A_MONTH
        residual = months_of(cohort, start, horizon_days=days, renewal_months=months, rate_per_day=0.0)
        told.append(
            RetentionCurve(
                label=label,
                contracts=cohort.customers,
                ended=cohort.informative,
                months=tuple(range(0, (terms_ahead + 1) * months, months)),
                kept=tuple(model.survival(np.arange(terms_ahead + 1.0)).tolist()),
                residual_months=float(residual.value[0]),
            )
        )
    return tuple(told)


def _by_cohort(fitted: Fitted, found: dict[str, Any], part: Callable[[Cohort, np.ndarray], _Part]) -> dict[str, _Part]:
    labels = np.array([label or EVERYONE for label in found["cohort"]], dtype=object).astype(str)
    return {str(label): part(fitted.cohort(str(label)), np.flatnonzero(labels == label)) for label in np.unique(labels)}


def _columns(counted: ir.Table, names: tuple[str, ...], runner: Runner) -> dict[str, Any]:
    rows = runner.to_arrow(counted)
    return {"cohort": rows["cohort"].to_pylist(), **{name: numbers(rows[name].combine_chunks()) for name in names}}


def _spread(known: Known, total: Callable[[Any], float]) -> float:
    """Standard deviation of a total that the parameters leave."""
    slopes = [(total(above) - total(below)) / (2 * STEP) for below, above in known.shifted()]
    return float(np.sqrt(sum(s * s for s in slopes)))
