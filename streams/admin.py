"""Streams in the admin."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.audited import AuditedAdmin, acting
from gateway.errors import CommandError
from gateway.presence import total
from streams import services
from streams.chat_settings import SETTINGS
from streams.models import Stream
from streams.rooms import stream_room
from streams.services import chat_settings

_SHIELD = timedelta(minutes=15)


@admin.register(Stream)
class StreamAdmin(AuditedAdmin):
    """Streams; starting and ending go through the same services as REST."""

    list_display = ("title", "host", "status", "viewers", "comments", "is_private", "started_at")
    list_filter = ("status", "is_private", "country")
    search_fields = ("title", "host__username")
    autocomplete_fields = ("host", "invited")
    readonly_fields = ("status", "comments", "created_at", "started_at", "ended_at", "shield_until")
    actions = ["start", "end", "raise_shield", "lower_shield"]

    @admin.display(description="viewers")
    def viewers(self, stream: Stream) -> int:
        return total(stream_room(str(stream.pk)).wire)

    def save_model(self, request: HttpRequest, obj: Stream, form: Any, change: bool) -> None:
        """Save, and tell the room when its chat behaves otherwise from now on."""
        super().save_model(request, obj, form, change)
        if set(form.changed_data) & set(SETTINGS):
            chat_settings.announce_chat(stream=obj)

    @admin.action(description="Raise the shield for 15 minutes")
    def raise_shield(self, request: HttpRequest, queryset: QuerySet[Stream]) -> None:
        for stream in queryset:
            try:
                chat_settings.raise_shield(actor=acting(request), stream_id=stream.pk, lasts=_SHIELD)
            except CommandError as error:
                messages.error(request, f"{stream}: {error.message}")

    @admin.action(description="Lower the shield")
    def lower_shield(self, request: HttpRequest, queryset: QuerySet[Stream]) -> None:
        for stream in queryset:
            try:
                chat_settings.lower_shield(actor=acting(request), stream_id=stream.pk)
            except CommandError as error:
                messages.error(request, f"{stream}: {error.message}")

    @admin.action(description="Start")
    def start(self, request: HttpRequest, queryset: QuerySet[Stream]) -> None:
        for stream in queryset:
            try:
                services.start_stream(stream=stream)
            except CommandError as error:
                messages.error(request, f"{stream}: {error.message}")

    @admin.action(description="End")
    def end(self, request: HttpRequest, queryset: QuerySet[Stream]) -> None:
        for stream in queryset:
            try:
                services.end_stream(stream=stream)
            except CommandError as error:
                messages.error(request, f"{stream}: {error.message}")
