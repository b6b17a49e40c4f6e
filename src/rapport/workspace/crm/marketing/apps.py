from django.apps import AppConfig


class MarketingConfig(AppConfig):
    name = "rapport.workspace.crm.marketing"
    label = "marketing"
