from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "rapport.workspace.metrics"
    label = "metrics"
