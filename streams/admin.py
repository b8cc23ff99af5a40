"""Streams in the admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.audited import AuditedAdmin
from gateway.errors import CommandError
from gateway.presence import total
from streams import services
from streams.models import Stream
from streams.rooms import stream_room


@admin.register(Stream)
class StreamAdmin(AuditedAdmin):
    """Streams; starting and ending go through the same services as REST."""

    list_display = ("title", "host", "status", "viewers", "comments", "is_private", "started_at")
    list_filter = ("status", "is_private", "country")
    search_fields = ("title", "host__username")
    autocomplete_fields = ("host", "invited")
    readonly_fields = ("status", "comments", "created_at", "started_at", "ended_at")
    actions = ["start", "end"]

    @admin.display(description="viewers")
    def viewers(self, stream: Stream) -> int:
        return total(stream_room(str(stream.pk)).wire)

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
