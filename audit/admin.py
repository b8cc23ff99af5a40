"""The audit log in the admin: read, never written."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeDateTimeFilter

from audit.audited import AuditedAdmin
from audit.models import Entry


@admin.register(Entry)
class EntryAdmin(AuditedAdmin):
    """Who did what to whom, when and why."""

    list_display = ("id", "created_at", "who", "origin", "action", "about", "reason")
    list_filter = (("created_at", RangeDateTimeFilter), "origin", "action", "target_kind")
    list_filter_submit = True
    list_per_page = 50
    search_fields = ("=target_id", "=actor_id", "action", "reason")
    search_help_text = "The id of whoever acted or of what it was done to, an action, or words of the reason"
    show_full_result_count = False
    readonly_fields = ("changed_from", "changed_to")
    fieldsets = (
        (None, {"fields": ("id", "created_at", "origin", "actor_id", "address", "action", "target_kind", "target_id")}),
        ("What changed", {"fields": ("changed_from", "changed_to", "reason")}),
        ("Chain", {"fields": ("previous_hash", "hash")}),
    )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """One target's entries, as the pages of targets link to them, and one actor's."""
        return lookup in ("target_kind", "target_id", "actor_id") or super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Entry]":
        return super().get_queryset(request).defer("previous_hash", "hash")  # type: ignore[no-any-return]

    @admin.display(description="actor", ordering="actor_id")
    def who(self, entry: Entry) -> str:
        """The actor, linked; the account and machine of a command."""
        if entry.actor_id is None:
            return entry.address or "—"
        return _linked("accounts_user", str(entry.actor_id), f"user {entry.actor_id}")

    @admin.display(description="target", ordering="target_id")
    def about(self, entry: Entry) -> str:
        """What it was done to, linked when it has a page."""
        words = f"{entry.target_kind} {entry.target_id}".strip()
        if not entry.target_id or not _has_page(entry.target_kind):
            return words
        return _linked(entry.target_kind.replace(".", "_"), entry.target_id, words)

    @admin.display(description="before")
    def changed_from(self, entry: Entry) -> str:
        """What changed, as it was."""
        return _as_text(entry.before)

    @admin.display(description="after")
    def changed_to(self, entry: Entry) -> str:
        """What changed, as it became."""
        return _as_text(entry.after)


def _has_page(kind: str) -> bool:
    return any(model._meta.label_lower == kind for model in admin.site._registry)


def _linked(page: str, row_id: str, words: str) -> str:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_change", args=[row_id]), words)


def _as_text(values: Any) -> str:
    if values is None:
        return "—"
    return format_html('<pre class="whitespace-pre-wrap">{}</pre>', json.dumps(values, indent=2, sort_keys=True))
