"""Messages in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from chat.models import Message


@admin.register(Message)
class MessageAdmin(ModelAdmin):  # type: ignore[misc]
    """Messages that passed moderation, with their scores; they are read, not edited."""

    list_display = ("created_at", "stream", "author", "type", "message_type", "score", "text")
    list_filter = ("type", "message_type")
    search_fields = ("text", "author__username")
    list_select_related = ("stream", "author")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False
