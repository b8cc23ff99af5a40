from django.apps import AppConfig


class OgConfig(AppConfig):
    name = "og"
    verbose_name = "OG tiers"

    def ready(self) -> None:
        from og import events, personal_data  # noqa: F401  (declares the app's events)
