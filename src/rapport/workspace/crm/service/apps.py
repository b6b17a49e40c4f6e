from django.apps import AppConfig


class ServiceConfig(AppConfig):
    name = "rapport.workspace.crm.service"
    label = "service"
