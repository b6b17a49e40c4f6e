from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "rapport.workspace.crm.intake"
    label = "intake"
