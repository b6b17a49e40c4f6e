"""The same cases through optbinning: runs in the peers' environment and imports nothing of the product."""

import json
import sys
import time
import warnings

import pandas as pd
from optbinning import BinningProcess, Scorecard
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

MOST_FEATURES, MOST_BINS = 10, 5


def main(path):
    """Mean AUC over the folds and seconds a fit, as one line of JSON."""
    warnings.filterwarnings("ignore")
    rows = pd.read_parquet(path)
    names = [name for name in rows.columns if not name.startswith("_")]
    texts = [name for name in names if not pd.api.types.is_numeric_dtype(rows[name])]
    rows[texts] = rows[texts].astype(object).where(rows[texts].notna(), None)
    areas, spent = [], 0.0
    for fold in sorted(rows["_fold"].unique()):
        learn, tried = rows[rows["_fold"] != fold], rows[rows["_fold"] == fold]
        begin = time.process_time()
        process = BinningProcess(
            names,
            categorical_variables=texts,
            max_n_bins=MOST_BINS,
            selection_criteria={"iv": {"min": 0, "max": 1000, "strategy": "highest", "top": MOST_FEATURES}},
        )
        card = Scorecard(
            binning_process=process,
            estimator=LogisticRegression(max_iter=1000),
            scaling_method="min_max",
            scaling_method_params={"min": 0, "max": 100},
        )
        card.fit(learn[names], learn["_event"].astype(int))
        spent += time.process_time() - begin
        areas.append(roc_auc_score(tried["_event"], card.predict_proba(tried[names])[:, 1]))
    print(json.dumps({"auc": sum(areas) / len(areas), "seconds": spent / len(areas)}))


if __name__ == "__main__":
    main(sys.argv[1])
