from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "rapport.workspace.crm.records"
    label = "records"

    def ready(self) -> None:
        from rapport.workspace.lib import declared  # noqa: F401  (registers its check)
