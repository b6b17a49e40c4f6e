from django.apps import AppConfig


class FrameConfig(AppConfig):
    name = "rapport.workspace.pages.frame"
    label = "frame"
