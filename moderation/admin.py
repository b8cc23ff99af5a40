"""Decisions and mutes in the admin."""

from django.contrib import admin
from django.http import HttpRequest

from audit.audited import AuditedAdmin
from moderation.models import Decision, Mute


@admin.register(Decision)
class DecisionAdmin(AuditedAdmin):
    """Stopped messages; nobody may change what was decided."""

    list_display = ("created_at", "user", "stream", "action", "score", "text")
    list_filter = ("action",)
    search_fields = ("user__username", "text")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Decision | None = None) -> bool:
        return False


@admin.register(Mute)
class MuteAdmin(AuditedAdmin):
    """Who may not write for a while; deleting a mute lifts it."""

    list_display = ("user", "until", "created_at")
    search_fields = ("user__username",)
    autocomplete_fields = ("user",)
    readonly_fields = ("decision",)
