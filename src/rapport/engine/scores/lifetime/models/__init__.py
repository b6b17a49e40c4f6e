"""Models of how long customers stay, how often they buy and how much they spend: groups in, numbers out."""

from rapport.engine.scores.lifetime.models.base import Model, PurchaseModel
from rapport.engine.scores.lifetime.models.bdw import Bdw, Sbg
from rapport.engine.scores.lifetime.models.bg_bb import BgBb
from rapport.engine.scores.lifetime.models.bg_nbd import BgNbd
from rapport.engine.scores.lifetime.models.choice import Candidate, Choice, choose, choose_terms
from rapport.engine.scores.lifetime.models.fitting import Fit, Prior
from rapport.engine.scores.lifetime.models.gamma_gamma import GammaGamma
from rapport.engine.scores.lifetime.models.goodness_of_fit import conditional_means, frequency_histogram
from rapport.engine.scores.lifetime.models.groups import Groups, PurchaseGroups, SpendGroups, TermGroups
from rapport.engine.scores.lifetime.models.mbg_nbd import MbgNbd
from rapport.engine.scores.lifetime.models.pareto_nbd import ParetoNbd
from rapport.engine.scores.lifetime.models.registry import MODELS, PURCHASE_MODELS, TERM_MODELS, fit, model_from_dict
from rapport.engine.scores.lifetime.models.uncertainty import (
    Interval,
    outcome_interval,
    parameter_interval,
    parameter_standard_errors,
)

__all__ = [
    "MODELS",
    "PURCHASE_MODELS",
    "TERM_MODELS",
    "Bdw",
    "BgBb",
    "BgNbd",
    "Candidate",
    "Choice",
    "Fit",
    "GammaGamma",
    "Groups",
    "Interval",
    "MbgNbd",
    "Model",
    "ParetoNbd",
    "Prior",
    "PurchaseGroups",
    "PurchaseModel",
    "Sbg",
    "SpendGroups",
    "TermGroups",
    "choose",
    "choose_terms",
    "conditional_means",
    "fit",
    "frequency_histogram",
    "model_from_dict",
    "outcome_interval",
    "parameter_interval",
    "parameter_standard_errors",
]
