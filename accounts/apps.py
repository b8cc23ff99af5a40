from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import events, handlers  # noqa: F401  (declares and handles the app's commands)
