"""Revenue from those who are customers already, month by month: lifetime models, parameters and chance both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from dateutil.relativedelta import relativedelta
from scipy import stats

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.errors import DataError
from rapport.engine.forecasting.bands import SHARES, Bands
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.equity import Worth, customer_equity
from rapport.engine.scores.lifetime.expectation import Z_90
from rapport.engine.scores.lifetime.rows import NOT_FITTED, fitted_model
from rapport.engine.scores.lifetime.spec import LifetimeDefinition
from rapport.engine.scores.population import PopulationRun
from rapport.engine.scores.purchases import purchases

VERSION = 1
NEEDED_BY = "the revenue forecast"
_RUN_RATE_DAYS = 90
_MODEL_ERROR = 0.12  # relative: what the models missed of the purchases of a published cohort (CDNOW) in 39 weeks


@dataclass(frozen=True, kw_only=True)
class Month:
    """Attributes:
    period: a calendar month; of the first, only the days after now.
    revenue: from customers known now, in the base currency, not discounted.
    run_rate: what was sold a day in the last 90 days, new customers' first purchases among it, for as many days; None
        of contracts.
    """

    period: Period
    revenue: Bands
    run_rate: float | None


@dataclass(frozen=True, kw_only=True)
class RevenueForecast:
    """Attributes: customers that it is about; months, oldest first; total of all of them; model, as fitted."""

    as_of: datetime
    currency: str
    customers: int
    model: str
    months: tuple[Month, ...]
    total: Bands


@dataclass(frozen=True, kw_only=True)
class _Until:
    """What comes up to the end of a month: days ahead, money, and its variance by parameters and by chance."""

    days: int
    worth: Worth

    @property
    def variance(self) -> float:
        """Back from the 90 % interval, which is even on the logarithm; and the model's own error."""
        value = self.worth.value
        if value <= 0:
            return 0.0
        return float((np.log(self.worth.high / value) / Z_90 * value) ** 2 + (_MODEL_ERROR * value) ** 2)


def customers_definition(view: AsOf) -> LifetimeDefinition:
    """Orders by contact; by account where orders name no contact."""
    orders = view.snapshot.table("orders", needed_by=NEEDED_BY)
    subject = "contact" if "contact_id" in orders.columns and view.has("contacts") else "account"
    return LifetimeDefinition.model_validate(
        {"name": "revenue_of_customers", "subject": subject, "kind": "lifetime", "measure": "value"}
    )


def revenue_forecast(
    view: AsOf, *, runner: Runner, months: int = 6, definition: LifetimeDefinition | None = None
) -> RevenueForecast:
    """What those who have bought will buy in this month's remaining days and the months after.

    Parameters: definition, how purchases are counted and modelled; its horizon and discount do not matter here.
    Raises: MissingTable without orders; DataError without a customer or a known amount.
    The models are fitted once; each month costs one query over counted histories.
    Source: Fader, Hardie & Lee 2005a, b (BG/NBD and its kin x gamma-gamma spend).
    """
    rule = definition or customers_definition(view)
    model = fitted_model(rule, view, runner=runner)
    if model is None:
        raise DataError(f"Revenue cannot be told: {NOT_FITTED}.", where=NEEDED_BY)
    nobody = np.zeros(0, np.int64)
    run = PopulationRun(as_of=view.at, run_id="", values=nobody, counts=np.zeros(1, np.int64), model=model)
    today = local_day_of(view.at, view.snapshot.time_zone)
    periods = _months(today, months)
    told = []
    for period in periods:
        days = (period.end - today).days - 1  # today has been counted already
        asked = rule.model_copy(update={"horizon_days": days, "discount_per_year": Decimal(0)})
        told.append(_Until(days=days, worth=customer_equity(asked, view, runner=runner, run=run).total))
    own, chance = _shares(told)
    pace = _a_day(rule, view, runner)
    return RevenueForecast(
        as_of=view.at,
        currency=view.snapshot.currency,
        customers=told[-1].worth.customers,
        model="contracts" if rule.by_contract else "purchases",
        months=tuple(_month(i, periods, told, own, chance, pace) for i in range(len(told))),
        total=_bands(told[-1].worth.value, told[-1].variance),
    )


def _months(today: date, count: int) -> tuple[Period, ...]:
    """From the month of today on, or the next where today is its last day."""
    first = (today + timedelta(days=1)).replace(day=1)
    return Period(first, first + relativedelta(months=count)).split(Grain.MONTH)


def _shares(told: Sequence[_Until]) -> tuple[float, float]:
    """How the variance of sums grows: with the square of the sum (parameters) and with the sum (chance)."""
    value = np.array([t.worth.value for t in told])
    if not (value > 0).all():
        return 0.0, 0.0
    table = np.stack([value, np.ones(len(value))], axis=1)
    own, chance = np.linalg.lstsq(table, np.array([t.variance for t in told]) / value, rcond=None)[0]
    if own < 0:
        own, chance = 0.0, float(np.mean([t.variance for t in told] / value))
    return float(max(own, 0.0)), float(max(chance, 0.0))


def _month(
    place: int, periods: Sequence[Period], told: Sequence[_Until], own: float, chance: float, pace: float | None
) -> Month:
    before = told[place - 1] if place else None
    value = told[place].worth.value - (before.worth.value if before else 0.0)
    days = told[place].days - (before.days if before else 0)
    variance = own * value**2 + chance * max(value, 0.0)
    return Month(
        period=periods[place], revenue=_bands(max(value, 0.0), variance), run_rate=None if pace is None else pace * days
    )


def _bands(value: float, variance: float) -> Bands:
    """Gamma with this mean and variance: money, never below 0."""
    if value <= 0 or variance <= 0:
        return Bands(**dict.fromkeys(Bands.__dataclass_fields__, value))
    told = stats.gamma(value**2 / variance, scale=variance / value)
    ends = {
        f"{side}_{share}": float(told.ppf(0.5 + sign * share / 200))
        for share in SHARES
        for side, sign in (("low", -1), ("high", 1))
    }
    return Bands(expected=value, median=float(told.median()), **ends)


def _a_day(rule: LifetimeDefinition, view: AsOf, runner: Runner) -> float | None:
    """Sold a day in the last 90; None of contracts, which sell themselves anew."""
    if rule.by_contract:
        return None
    zone = rule.time_zone or view.snapshot.time_zone
    bought = purchases(
        view,
        subject=rule.subject,
        source=rule.purchases,
        monetary=rule.monetary,
        time_zone=zone,
        needed_by=NEEDED_BY,
        window_days=_RUN_RATE_DAYS,
    )
    summed = runner.to_arrow(bought.aggregate(total=bought.amount.sum().cast("float64")))
    return float(summed["total"][0].as_py() or 0.0) / _RUN_RATE_DAYS
