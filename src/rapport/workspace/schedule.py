"""What runs by itself, and when; `rapport worker` hands this list to the queue."""

from __future__ import annotations

from rapport.workspace.actions.refresh import Refreshed, refresh
from rapport.workspace.queue.schedules import Schedule

__all__ = ["SCHEDULES", "Refreshed", "refresh"]

SCHEDULES = (
    Schedule(name="midnight", task="midnight", cron="0 0 * * *"),
    Schedule(name="machines", task="find_machines", cron="45 1 * * *"),
    Schedule(name="nightly", task="refresh", cron="15 2 * * *"),
    Schedule(name="segments", task="build_segments", cron="0 4 * * *"),
    Schedule(name="goals", task="goals", cron="10 4 * * *"),
    Schedule(name="metrics by day", task="keep_metric_days", cron="20 4 * * *"),
    Schedule(name="watching", task="monitor", cron="30 4 * * *"),
    Schedule(name="holdouts", task="holdout_reports", cron="50 4 * * *"),
    Schedule(name="forecasts", task="forecasts", cron="40 4 * * *"),
    Schedule(name="hourly", task="work_list", cron="5 * * * *"),
    Schedule(name="dashboard mail", task="send_dashboards", cron="0 * * * *"),
    Schedule(name="publishing", task="publish", cron="*/10 * * * *"),
    Schedule(name="metric rows", task="keep_metric_rows", cron="3-59/10 * * * *"),
    Schedule(name="lake upkeep", task="lake_upkeep", cron="45 3 * * *"),
    Schedule(name="job upkeep", task="forget_jobs", cron="30 3 * * *"),
)
