from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import handlers, personal_data, tasks, user_page  # noqa: F401  (declares and handles the commands)
        from chat.services.subjects import MESSAGE_KIND, MessageSubjects
        from moderation import subjects

        subjects.register(MESSAGE_KIND, MessageSubjects())
