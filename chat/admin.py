"""Messages in the admin."""

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.audited import AuditedAdmin
from chat.models import Message, RemovalReason
from chat.services import removal


@admin.register(Message)
class MessageAdmin(AuditedAdmin):
    """Messages that passed moderation, with their scores; they are read and removed, not edited."""

    list_display = ("created_at", "stream", "author", "type", "message_type", "score", "text")
    list_filter = ("type", "message_type", "removed_reason")
    search_fields = ("text", "author__username")
    list_select_related = ("stream", "author")
    actions = ["remove"]

    @admin.action(description="Remove from the chat", permissions=["view"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Take the messages back, as a moderator does."""
        with transaction.atomic(durable=True):
            removal.remove_messages(
                message_ids=list(queryset.values_list("pk", flat=True)),
                reason=RemovalReason.MODERATOR,
                removed_by=request.user.pk,
            )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False
