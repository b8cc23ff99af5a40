from django.apps import AppConfig


class StreamsConfig(AppConfig):
    name = "streams"

    def ready(self) -> None:
        from streams import handlers, personal_data, tasks  # noqa: F401  (declares and handles the app's commands)
        from streams.handlers import chat  # noqa: F401  (those of the chat's settings)
