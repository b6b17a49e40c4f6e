from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "rapport.workspace.actions"
    label = "actions"

    def ready(self) -> None:
        """Be told of changed scores, and know what is done where they cross a threshold."""
        from rapport.workspace.actions.realtime import suggesting  # noqa: F401 -- registers itself
        from rapport.workspace.actions.realtime.noting import note_crossings
        from rapport.workspace.scores.watching import watch

        watch(note_crossings)
