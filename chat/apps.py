from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import handlers  # noqa: F401  (declares and handles the app's commands)
