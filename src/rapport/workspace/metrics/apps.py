import logging
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from rapport.engine.errors import RapportError


class MetricsConfig(AppConfig):
    name = "rapport.workspace.metrics"
    label = "metrics"

    def ready(self) -> None:
        pre_migrate.connect(_before_tables_change, sender=self, dispatch_uid="views for BI tools, before")
        post_migrate.connect(_after_tables_changed, sender=self, dispatch_uid="views for BI tools, after")


def _before_tables_change(plan: object = None, **_rest: Any) -> None:
    """A table cannot change while a view rests on it."""
    if plan:
        from rapport.workspace.metrics.exports.views import set_aside

        set_aside()


def _after_tables_changed(plan: object = None, **_rest: Any) -> None:
    """Views that cannot be made (going back to a state before their tables) hold up no migration."""
    if plan:
        from rapport.workspace.metrics.exports.views import bring_up_to_date

        try:
            bring_up_to_date()
        except RapportError as error:
            logging.getLogger(__name__).warning("%s Run `rapport export views` again.", error.sentence)
