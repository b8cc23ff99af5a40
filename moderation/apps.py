from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"

    def ready(self) -> None:
        from moderation import handlers, restrictions, tasks, user_page  # noqa: F401  (declares and handles the app's commands)
