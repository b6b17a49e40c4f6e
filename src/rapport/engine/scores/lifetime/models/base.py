"""What every model can do, and what a purchase model can say of a customer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from rapport.engine.errors import DataError
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups
from rapport.engine.scores.lifetime.models.optimum import Objective


@dataclass(frozen=True)
class Model(ABC):
    """A model with its parameters, all above 0.

    Attributes: name, as in definitions and in `fit`; `fixed`: parameters that are not fitted.
    """

    name: ClassVar[str]
    fixed: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """The fitted ones, in the order of standard errors and covariances."""
        return tuple(f.name for f in fields(cls) if f.name not in cls.fixed)

    @property
    def log_parameters(self) -> Floats:
        return np.asarray(np.log(np.array([getattr(self, n) for n in self.parameter_names()], dtype=float)))

    @classmethod
    def at(cls, log_parameters: Floats) -> Self:
        return cls(**dict(zip(cls.parameter_names(), np.exp(log_parameters).tolist(), strict=True)))

    def to_dict(self) -> dict[str, Any]:
        """{"model": name, parameter: value, ...}, as JSON holds it."""
        return {"model": self.name, **asdict(self)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        given = {name: float(value) for name, value in document.items() if name != "model"}
        known = {f.name for f in fields(cls)}
        if document.get("model") != cls.name or given.keys() != known:
            raise DataError(
                f"These are not the parameters of {cls.name}.", received=dict(document), allowed=sorted(known)
            )
        return cls(**given)

    # --- what a fit needs of a model; each class takes the groups of its kind -------------------------

    @classmethod
    @abstractmethod
    def objective(cls, groups: Any) -> Objective:
        """The weighted log-likelihood and its gradient, as a function of log parameters."""

    @classmethod
    @abstractmethod
    def coarse(cls, groups: Any) -> Any:
        """Fewer groups that keep their means; the same object where there are few already."""

    @classmethod
    @abstractmethod
    def starts(cls, groups: Any) -> list[Floats]:
        """Where to begin the search, in log parameters."""

    @classmethod
    @abstractmethod
    def box(cls, groups: Any) -> tuple[Floats, Floats]:
        """The lowest and highest log parameters that are searched."""

    @abstractmethod
    def cautions(self) -> tuple[str, ...]:
        """Sentences where the parameters mean that the model does not suit the data."""


_WORTHLESS = 40.0  # e^-40: what is discounted further is left out


def end_of(horizon: float, rate: float) -> float:
    """Where counting may stop: at the horizon, or where a purchase is worth nothing any more.

    Raises: DataError for an endless horizon without a discount.
    """
    if rate > 0:
        return min(horizon, _WORTHLESS / rate)
    if not np.isfinite(horizon):
        raise DataError("An endless horizon needs a discount.", where="horizon", next_step="Give a rate above 0.")
    return horizon


class PurchaseModel(Protocol):
    """When customers without a contract buy, and whether they still do. One value per row of the groups."""

    name: ClassVar[str]

    def log_likelihood(self, customers: PurchaseGroups) -> Floats:
        """Log density of one customer with each row's history (weights are not applied)."""
        ...

    def probability_alive(self, customers: PurchaseGroups) -> Floats:
        """P(still a customer at T), 0..1."""
        ...

    def expected_purchases(self, customers: PurchaseGroups, *, horizon: float) -> Floats:
        """E[purchases in (T, T + horizon]], given the history."""
        ...

    def discounted_purchases(self, customers: PurchaseGroups, *, horizon: float, rate: float) -> Floats:
        """The same, each purchase worth exp(-rate x time until it); rate per unit of time, continuous.

        An endless horizon is allowed where the rate is above 0.
        """
        ...

    def expected_purchases_of_new(self, times: Floats) -> Floats:
        """E[repeat purchases of a customer about whom nothing is known in (0, t]]."""
        ...

    def pmf(self, counts: Floats, time: float) -> Floats:
        """P(a new customer makes n repeat purchases in (0, time]), for each n of `counts`."""
        ...

    def future_pmf(self, customers: PurchaseGroups, *, horizon: float, most: int) -> Floats:
        """P(n purchases in (T, T + horizon]) given the history: one row per group, columns n = 0 .. most."""
        ...

    def draw_future(
        self, customers: PurchaseGroups, *, horizon: float, draws: int, random: np.random.Generator
    ) -> Floats:
        """Purchases in (T, T + horizon] as they may turn out: one row per group, one column per draw."""
        ...
