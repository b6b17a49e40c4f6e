"""A backtest's report on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rapport.cli.shown import said, table_shown, warned

Report = Mapping[str, Any]
_NAMES = {"score": "this score", "live": "the live version", "naive_bayes": "naive Bayes", "constant": "a constant"}


def proof_shown(title: str, report: Report) -> None:
    """The verdict, what it was tried on, how well it ranks beside the baselines, and what its bands are worth."""
    outcome = f"{report['event']} within {report['within_days']} days"
    said(f"{title}: {outcome}. {report['verdict']}")
    cut_offs = [(c["as_of"][:10], c["scored"], c["event_count"], _range(c["auc"])) for c in report["cut_offs"]]
    table_shown(("as of", "scored", "events", "AUC"), cut_offs)
    ranked = [_performance(p) for p in (report["score"], *report["baselines"])]
    table_shown(("ranked by", "AUC", "lift of the best tenth", "captured by it"), ranked)
    if report["bands"]:
        bands = [(b["band"], _share(b["share_of_cases"]), _range(b["conversion"], "rate")) for b in report["bands"]]
        table_shown(("band", "of all", "converted"), bands)
    for note in report["notes"]:
        warned(note)


def _performance(found: Report) -> tuple[object, ...]:
    best = found["deciles"][0] if found["deciles"] else {}
    auc = found["missing"] or _range(found["auc"])
    return _NAMES.get(found["name"], found["name"]), auc, best.get("lift"), _share(best.get("captured"))


def _range(found: Report, key: str = "value") -> str:
    """`0.945 (0.919 to 0.972)`; rates in percent."""
    if found[key] is None:
        return "unknown"
    shown = _share if key == "rate" else "{:.3f}".format
    interval = f" ({shown(found['low'])} to {shown(found['high'])})" if found["low"] is not None else ""
    return f"{shown(found[key])}{interval}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
