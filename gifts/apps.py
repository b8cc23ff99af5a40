from django.apps import AppConfig


class GiftsConfig(AppConfig):
    name = "gifts"

    def ready(self) -> None:
        from gifts import handlers, health, personal_data, tasks, user_page  # noqa: F401  (declares and handles the app's commands)
