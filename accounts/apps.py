from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default = True

    def ready(self) -> None:
        from accounts import events, handlers, tasks  # noqa: F401  (declares and handles the app's commands)


class AdminConfig(SimpleAdminConfig):
    """Django's admin with our own site."""

    default = False
    default_site = "accounts.admin_site.AdminSite"

    def ready(self) -> None:
        super().ready()
        autodiscover()
