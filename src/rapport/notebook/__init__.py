"""The public face for notebooks: open a company's tables, score, explain, measure, prove.

    import rapport

    crm = rapport.open_crm("folder of Parquet files", time_zone="Europe/Stockholm", currency="SEK")
    crm.score(definition).to_pandas()
    crm.explain(definition, "contact 42").chart()
    crm.metric("win_rate", "2026", grain="month").chart()
    crm.backtest(definition)

Needs no database, no server and no Django.
"""

from rapport.notebook.company import Crm
from rapport.notebook.opening import open_crm
from rapport.notebook.results import Lines, Measured, Proved, Result, Scores

__all__ = ["Crm", "Lines", "Measured", "Proved", "Result", "Scores", "open_crm"]
