"""Additive predictive models: arrays in, models out, exact reasons.

    features = Features.from_arrow(rows)                    # or Features.of({"age": floats, "plan": texts})
    model = fit_additive(features, events, groups=subjects, monotone={"visits": 1})
    model.micro_logits(features)                            # int64, one per row
    model.contributions(features)                           # rows x model.names; sum + base = total exactly
    AdditiveModel.from_dict(json.loads(json.dumps(model.to_dict())))

`fit_additive` boosts stumps, `fit_linear` is a regularised logistic regression; both compile to the same
tables. `fit_boosted` is LightGBM, the challenger. Beside it: `statistics.folds` (random and forward in
time), `statistics.calibrator`, `statistics.comparison`, `statistics.leakage`, `statistics.card`.
"""

from rapport.engine.statistics.additive.boosted import BoostedModel, fit_boosted
from rapport.engine.statistics.additive.features import Categories, Features, Numbers
from rapport.engine.statistics.additive.linear import fit_linear
from rapport.engine.statistics.additive.model import MICRO, AdditiveModel
from rapport.engine.statistics.additive.stumps import fit_additive
from rapport.engine.statistics.additive.tables import CategoryTable, NumericTable, Table

__all__ = [
    "MICRO",
    "AdditiveModel",
    "BoostedModel",
    "Categories",
    "CategoryTable",
    "Features",
    "Numbers",
    "NumericTable",
    "Table",
    "fit_additive",
    "fit_boosted",
    "fit_linear",
]
