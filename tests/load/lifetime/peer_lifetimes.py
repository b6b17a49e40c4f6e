"""The same rows through lifetimes: runs in the peers' environment and imports nothing of the product.

Timed: fits, P(alive), expected purchases within 90 days, expected spend; the customer lifetime value apart. Rows are in
memory before the clock starts, and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
import warnings

import lifetimes
import pandas as pd

HORIZON = 90.0


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--model", default="bg_nbd")
    parser.add_argument("--fit-only", action="store_true")
    parser.add_argument("--value", action="store_true")
    given = parser.parse_args()
    rows = pd.read_parquet(given.file, columns=["x", "t_x", "age", "mean_spend"])
    x, t_x, age = (rows[name].astype(float) for name in ("x", "t_x", "age"))
    repeat = rows["x"] > 0
    start = time.perf_counter()
    fitter = {"bg_nbd": lifetimes.BetaGeoFitter, "pareto_nbd": lifetimes.ParetoNBDFitter}[given.model]
    buying = fitter(penalizer_coef=0.0).fit(x, t_x, age)
    told = {"model": {k: float(v) for k, v in buying.params_.items()}}
    if not given.fit_only:
        spending = lifetimes.GammaGammaFitter(penalizer_coef=0.0).fit(x[repeat], rows["mean_spend"][repeat])
        told["spend"] = {k: float(v) for k, v in spending.params_.items()}
        buying.conditional_probability_alive(x, t_x, age)
        buying.conditional_expected_number_of_purchases_up_to_time(HORIZON, x, t_x, age)
        spending.conditional_expected_average_profit(x, rows["mean_spend"].fillna(0))
    told["seconds"] = time.perf_counter() - start
    if given.value:
        start = time.perf_counter()
        spending.customer_lifetime_value(buying, x, t_x, age, rows["mean_spend"].fillna(0), time=3, freq="D")
        told["value_seconds"] = time.perf_counter() - start
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(told))


if __name__ == "__main__":
    main()
