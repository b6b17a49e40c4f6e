"""The same rows through pymc-marketing, maximum a posteriori: runs in the peers' environment.

It imports nothing of the product. Its default priors pull the parameters of few customers, so its likelihood is below
the maximum there.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
import warnings

import pandas as pd
from pymc_marketing import clv

HORIZON = 90


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    rows = pd.read_parquet(sys.argv[1])
    rows = rows.rename(
        columns={"id": "customer_id", "x": "frequency", "t_x": "recency", "age": "T", "mean_spend": "monetary_value"}
    )
    rows = rows.astype({"frequency": float, "recency": float, "T": float})
    start = time.perf_counter()
    buying = clv.BetaGeoModel(data=rows.drop(columns="monetary_value"))
    buying.fit(method="map", progressbar=False)
    repeat = rows[rows["frequency"] > 0]
    spent = repeat[["customer_id", "frequency", "monetary_value"]]
    spending = clv.GammaGammaModel(data=spent)
    spending.fit(method="map", progressbar=False)
    buying.expected_probability_alive()
    buying.expected_purchases(future_t=HORIZON)
    spending.expected_customer_spend(spent)
    told = {
        "model": {k: float(buying.idata.posterior[k].mean()) for k in ("r", "alpha", "a", "b")},
        "spend": {k: float(spending.idata.posterior[k].mean()) for k in ("p", "q", "v")},
        "seconds": time.perf_counter() - start,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
