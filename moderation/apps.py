from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"

    def ready(self) -> None:
        from moderation import (  # noqa: F401
            checks,
            handlers,
            health,
            personal_data,
            restrictions,
            rooms,
            tasks,
            user_page,
        )
        from moderation.handlers import queue, rules  # noqa: F401  (declare and handle commands)
        from moderation.services import flags  # noqa: F401  (hears of flags, and says what becomes of them)
