"""The models by name, and `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.scores.lifetime.models.base import Model
from rapport.engine.scores.lifetime.models.bdw import Bdw, Sbg
from rapport.engine.scores.lifetime.models.bg_bb import BgBb
from rapport.engine.scores.lifetime.models.bg_nbd import BgNbd
from rapport.engine.scores.lifetime.models.fitting import Fit, Prior, fit_model
from rapport.engine.scores.lifetime.models.gamma_gamma import GammaGamma
from rapport.engine.scores.lifetime.models.groups import Groups, PurchaseGroups, SpendGroups, TermGroups
from rapport.engine.scores.lifetime.models.mbg_nbd import MbgNbd
from rapport.engine.scores.lifetime.models.pareto_nbd import ParetoNbd

PURCHASE_MODELS: Mapping[str, type[Any]] = {m.name: m for m in (BgNbd, MbgNbd, ParetoNbd, BgBb)}
SPEND_MODELS: Mapping[str, type[Any]] = {GammaGamma.name: GammaGamma}
TERM_MODELS: Mapping[str, type[Any]] = {m.name: m for m in (Bdw, Sbg)}
MODELS: Mapping[str, type[Any]] = {**PURCHASE_MODELS, **SPEND_MODELS, **TERM_MODELS}

_GROUPS = ((PURCHASE_MODELS, PurchaseGroups), (SPEND_MODELS, SpendGroups), (TERM_MODELS, TermGroups))


def fit(name: str, groups: Groups, *, prior: Prior | None = None) -> Fit:
    """The most likely parameters of a model, with standard errors and warnings.

    Parameters: name, one of MODELS; groups of the kind the model needs; prior, what a parent says about a
        small cohort (`Prior.of(parent_fit, customers=50)`).
    Raises: DefinitionError for a name that is not known or groups of the wrong kind; DataError without customers.
    Source: maximum likelihood; each model names its paper.
    """
    for models, kind in _GROUPS:
        if name in models:
            if not isinstance(groups, kind):
                raise DefinitionError(
                    f"{name} is fitted on {kind.__name__}.", where="fit", received=type(groups).__name__
                )
            return fit_model(models[name], groups, prior=prior)
    raise DefinitionError(
        "There is no lifetime model of this name.", where="fit", received=name, allowed=sorted(MODELS)
    )


def model_from_dict(document: Mapping[str, Any]) -> Model:
    """What `to_dict` of any model gave."""
    name = str(document.get("model"))
    if name not in MODELS:
        raise DataError("There is no lifetime model of this name.", received=name, allowed=sorted(MODELS))
    found: Model = MODELS[name].from_dict(document)
    return found
