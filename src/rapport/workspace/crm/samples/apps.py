from django.apps import AppConfig


class SamplesConfig(AppConfig):
    name = "rapport.workspace.crm.samples"
    label = "samples"
