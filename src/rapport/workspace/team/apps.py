from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "rapport.workspace.team"
    label = "team"
