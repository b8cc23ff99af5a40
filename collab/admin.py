"""Collaboration in the admin. What people wrote is read, not edited; actions call the services."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from audit.audited import AuditedAdmin
from collab.models import Comment, Entry, Invite, Participant, Session, Version
from collab.services import sessions
from gateway.errors import CommandError


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ParticipantInline(_ReadOnly, TabularInline):  # type: ignore[misc]
    """Who takes part."""

    model = Participant
    extra = 0


@admin.register(Session)
class SessionAdmin(_ReadOnly, AuditedAdmin):
    """Sessions; cancelling goes through the service its creator uses."""

    list_display = ("id", "title", "kind", "creator", "status", "created_at", "expires_at", "head")
    list_filter = ("status", "kind")
    search_fields = ("title", "creator__username")
    list_select_related = ("creator",)
    inlines = [ParticipantInline]
    actions = ["cancel"]

    @admin.action(description="Cancel", permissions=["view"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset:
            try:
                sessions.cancel_session(user_id=session.creator_id, session_id=str(session.pk))
            except CommandError as error:
                messages.error(request, f"{session}: {error.message}")


@admin.register(Invite)
class InviteAdmin(_ReadOnly, AuditedAdmin):
    """Invites."""

    list_display = ("created_at", "session", "inviter", "invitee", "role", "status", "expires_at")
    list_filter = ("status", "role")
    list_select_related = ("session", "inviter", "invitee")


@admin.register(Comment)
class CommentAdmin(_ReadOnly, AuditedAdmin):
    """Comments."""

    list_display = ("created_at", "session", "author", "text", "resolved_at")
    search_fields = ("author__username",)
    list_select_related = ("session", "author")


@admin.register(Entry)
class EntryAdmin(_ReadOnly, AuditedAdmin):
    """The timelines."""

    list_display = ("created_at", "session", "user", "what")
    list_filter = ("what",)
    list_select_related = ("session", "user")


@admin.register(Version)
class VersionAdmin(_ReadOnly, AuditedAdmin):
    """Named versions."""

    list_display = ("created_at", "session", "name", "author")
    list_select_related = ("session", "author")
