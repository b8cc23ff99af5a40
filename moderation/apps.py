from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"

    def ready(self) -> None:
        from moderation import checks, handlers, health, restrictions, rooms, tasks, user_page  # noqa: F401
        from moderation.handlers import queue, rules  # noqa: F401  (declare and handle commands)
