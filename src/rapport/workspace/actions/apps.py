from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "rapport.workspace.actions"
    label = "actions"
