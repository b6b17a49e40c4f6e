from django.apps import AppConfig


class DashboardPagesConfig(AppConfig):
    """An app of its own so that its `tasks.py` is found: what is sent is written as pages are."""

    name = "rapport.workspace.pages.dashboards"
    label = "dashboard_pages"
