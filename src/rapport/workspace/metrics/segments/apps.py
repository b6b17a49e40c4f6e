from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "rapport.workspace.metrics.segments"
    label = "segments"
