from django.apps import AppConfig


class GiftsConfig(AppConfig):
    name = "gifts"

    def ready(self) -> None:
        from gifts import handlers, health, tasks  # noqa: F401  (declares and handles the app's commands)
