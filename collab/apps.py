from django.apps import AppConfig


class CollabConfig(AppConfig):
    name = "collab"
    verbose_name = "Collaboration"

    def ready(self) -> None:
        from collab import handlers, personal_data, rooms, tasks  # noqa: F401  (declares and handles the app's commands)
