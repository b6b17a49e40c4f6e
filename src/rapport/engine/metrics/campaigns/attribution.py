"""What campaigns brought by each model of attribution: credit for purchases and revenue."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.attribution.models import FITTED, MODELS, Model
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.credited_conversions import CREDITED_CONVERSIONS
from rapport.engine.metrics.relations.fitted_conversions import FITTED_CONVERSIONS
from rapport.engine.metrics.shapes import EVENT_TOTAL, Shape
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

_OVER_PERIODS = Shape(
    kind=Kind.MODEL,
    time_basis=TimeBasis.EVENT,
    additivity=Additivity.SEMI_ADDITIVE,
    null_policy=NullPolicy.ZERO,
)
_READ = (
    "Beside the other models: a campaign that opens paths shows in the first touch, one that closes them in the last. "
    "By campaign the groups `direct` and `unattributed` hold the rest, and the groups add up to everything."
)
_NOT_WHEN = (
    "Credit is not cause: who would have bought anyway counts too. Only a holdout tells what a campaign added. "
    "Touches that were not recorded get no credit."
)
_FITTED_NOT_WHEN = (
    f"{_NOT_WHEN} Few purchases in the period: the model then follows chance. It is fitted for each period anew, so "
    "that months do not add up to their year."
)
_BELOW = "Below 0 where paths with the campaign end in a purchase more rarely than those without."
_PATH = "touches of the customer in the 30 days before, repeats taken together, direct ones at the end left out"


def _revenue(model: Model) -> MetricSpec:
    fitted = model.id in FITTED
    return MetricSpec(
        id=f"campaign_revenue_{model.id}",
        name=f"Campaign revenue, {model.name}",
        room="marketing",
        sentence=f"Net revenue of the period credited to campaigns: {model.words}.",
        formula=f"sum of net amount x share of the campaigns on the path ({_PATH}); refunds take their part back",
        **(_OVER_PERIODS if fitted else EVENT_TOTAL),
        time_field="order.ordered_at, refund.refunded_at, deal.closed_at",
        unit=Unit.AMOUNT,
        higher_is_better=True,
        source=f"{model.source} Look-back 30 days: setting `attribution_look_back_days`.",
        how_to_read=f"{_READ} {_BELOW}" if model.id == "shapley" else _READ,
        not_when=_FITTED_NOT_WHEN if fitted else _NOT_WHEN,
        relation=FITTED_CONVERSIONS if fitted else CREDITED_CONVERSIONS,
        figure=Amount(
            total(f"revenue_{model.id}", "credited", f"shared_{model.id}"),
            whole=total(f"revenue_{model.id}", f"shared_{model.id}"),
        ),
        amount_where=("begins",),
        unattributed_by="campaign",
        variants=("campaign_revenue", f"campaign_purchases_{model.id}"),
    )


def _purchases(model: Model) -> MetricSpec:
    fitted = model.id in FITTED
    counted = ("is_conversion", f"shared_{model.id}")
    return MetricSpec(
        id=f"campaign_purchases_{model.id}",
        name=f"Campaign purchases, {model.name}",
        room="marketing",
        sentence=f"Orders and won deals of the period credited to campaigns: {model.words}.",
        formula=f"sum over orders and won deals of the share of the campaigns on the path ({_PATH})",
        **(_OVER_PERIODS if fitted else EVENT_TOTAL),
        time_field="order.ordered_at, deal.closed_at",
        unit=Unit.COUNT,
        higher_is_better=True,
        source=f"{model.source} Look-back 30 days: setting `attribution_look_back_days`.",
        how_to_read=f"{_READ} {_BELOW}" if model.id == "shapley" else _READ,
        not_when=_FITTED_NOT_WHEN if fitted else _NOT_WHEN,
        relation=FITTED_CONVERSIONS if fitted else CREDITED_CONVERSIONS,
        figure=Amount(total(f"share_{model.id}", "credited", *counted), whole=total(f"share_{model.id}", *counted)),
        unattributed_by="campaign",
        variants=("campaign_purchases", f"campaign_revenue_{model.id}"),
    )


REVENUE_BY_MODEL: tuple[MetricSpec, ...] = tuple(_revenue(model) for model in MODELS)
PURCHASES_BY_MODEL: tuple[MetricSpec, ...] = tuple(_purchases(model) for model in MODELS)
