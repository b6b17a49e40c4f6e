from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "rapport.workspace.crm.sales"
    label = "sales"
