from django.apps import AppConfig


class ScoresConfig(AppConfig):
    name = "rapport.workspace.scores"
    label = "scores"
