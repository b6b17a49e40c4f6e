from django.apps import AppConfig


class QueueConfig(AppConfig):
    name = "rapport.workspace.queue"
    label = "queue"
