# %% [markdown]
# # Score a company in a notebook
# No database and no server: a folder of Parquet files (or data frames) is enough. Here the files are simulated, with a known
# truth; put in your own folder with the tables and columns of `docs/reference/tables.md`.

# %%
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import rapport
from rapport.engine.crm.simulation import Simulation, write_parquet

folder = Path(tempfile.mkdtemp())
write_parquet(Simulation(end=datetime(2026, 3, 1, tzinfo=UTC), contacts=2_000, interactions=40_000), folder)
crm = rapport.open_crm(folder, time_zone="Europe/Stockholm", currency="EUR")
crm

# %% [markdown]
# ## A score is a text
# Who they are (fit) and what they do (engagement), each in points. The outcome is what the score claims to predict.

# %%
definition = """
name: readiness
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 50}, {label: B, from: 30}, {label: C, from: 15}, {label: D, from: 0}]
outcome: {event: deal_won, within_days: 90}
groups:
  who they are:
    type: fit
    limit: {min: 0, max: 40}
    criteria:
      - name: target sector
        points: {value: account.industry, map: {software: 15, finance: 10, manufacturing: 5}, otherwise: 0}
      - name: right size
        points: 10
        when: {field: account.employees, between: [50, 1000]}
      - name: decides
        points: 15
        when: {field: contact.seniority, in: [c_level, vp, director]}
  what they do:
    type: engagement
    limit: {min: 0, max: 60}
    decay: {half_life_days: 30}
    criteria:
      - name: looked at prices
        points: 8
        per: {event: page_view, where: {field: url_path, starts_with: /pricing}}
        at_most: {times: 3, per_days: 7}
      - name: asked for a demo
        points: 25
        once: {event: form_submit, where: {field: form, is: demo}, within_days: 90}
"""
scores = crm.score(definition, as_of="2026-02-01")
scores.to_pandas().head()

# %% [markdown]
# ## Why?
# The lines add up to the score exactly.

# %%
best = scores.to_polars()["subject_id"][0]
reasons = crm.explain(definition, best, as_of="2026-02-01")
reasons.to_pandas()[["name", "points", "sentence"]]

# %% [markdown]
# ## Is it any good?
# The score at past days, with only what was known then, against what happened after.

# %%
proof = crm.backtest(definition)
print(proof.report.verdict)
proof.chart()

# %% [markdown]
# ## Metrics

# %%
crm.metric(["win_rate", "sales_cycle_length"], "2025", grain="quarter").to_pandas()

# %%
crm.metric("leads", "2025", grain="month").chart()
