from django.apps import AppConfig


class LakeConfig(AppConfig):
    name = "rapport.workspace.crm.lake"
    label = "lake"
