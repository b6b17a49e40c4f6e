"""Forecast accuracy: what was forecast when the period began against what was won in it."""

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.forecasts import FORECASTS_AT_START, FORECASTS_BY_OWNER
from rapport.engine.metrics.sales.deals_won import BOOKINGS
from rapport.engine.metrics.sales.figures import Told
from rapport.engine.metrics.shapes import DERIVED_RATIO, EVENT_RATIO, STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "forecast_snapshot.made_at, at most one day after the period began; deal.closed_at"
_NOT_WHEN = "No forecast was frozen in time. A period that is not over compares a whole forecast with part of the wins."

FORECAST_AT_START = MetricSpec(
    id="forecast_at_start",
    name="Forecast at the start",
    room="sales",
    sentence="What was forecast to be won in the period when it began.",
    formula="value of the last forecast of bookings for exactly this period made before its second day",
    **STANDING_TOTAL,
    time_field="forecast_snapshot.made_at",
    unit=Unit.AMOUNT,
    higher_is_better=None,
    source="Own. Which forecast: setting `measured_forecast`.",
    how_to_read="Later forecasts know more and are not in it.",
    not_when="No forecast was frozen in time for a period of this length.",
    relation=FORECASTS_AT_START,
    figure=Told(total("forecast_amount")),
    variants=("forecast_accuracy", "bookings"),
)

FORECAST_ACCURACY = DerivedMetric(
    id="forecast_accuracy",
    name="Forecast accuracy",
    room="sales",
    sentence="How close the forecast made at the start of the period came to what was won in it.",
    formula="1 - |forecast - won| / won; below 0 where the forecast was off by more than was won",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; one minus the absolute percentage error.",
    how_to_read="Beside the bias: whether it is too high or too low as a rule.",
    not_when=_NOT_WHEN,
    parts={"won": Part(BOOKINGS), "forecast": Part(FORECAST_AT_START)},
    numerator=lambda v: v["won"] - abs(v["forecast"] - v["won"]),
    denominator=lambda v: v["won"],
    variants=("forecast_bias", "forecast_wape"),
)

FORECAST_BIAS = DerivedMetric(
    id="forecast_bias",
    name="Forecast bias",
    room="sales",
    sentence="By how much the forecast made at the start of the period was too high.",
    formula="(forecast - won) / won",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=None,
    source="Own; the signed percentage error.",
    how_to_read="Above 0: too hopeful. Below 0: too careful. Several periods of one sign are a habit.",
    not_when=_NOT_WHEN,
    parts={"won": Part(BOOKINGS), "forecast": Part(FORECAST_AT_START)},
    numerator=lambda v: v["forecast"] - v["won"],
    denominator=lambda v: v["won"],
    variants=("forecast_accuracy", "forecast_wape"),
)

FORECAST_WAPE = MetricSpec(
    id="forecast_wape",
    name="Forecast error over owners",
    room="sales",
    sentence="How far the owners' forecasts made at the start of the period were off, weighted by what they won.",
    formula="sum over owners with a forecast of |forecast - won| / sum of what they won",
    **EVENT_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=False,
    source="Weighted absolute percentage error: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.8.",
    how_to_read="Errors of owners do not cancel out here, as they do in the forecast of all.",
    not_when=f"Owners make no forecasts of their own. {_NOT_WHEN}",
    relation=FORECASTS_BY_OWNER,
    figure=Ratio(total("error_amount"), total("actual_amount")),
    variants=("forecast_accuracy", "forecast_bias"),
)
