from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "rapport.workspace.crm.records"
    label = "records"
