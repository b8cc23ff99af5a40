"""Events written beside the rows they tell of: what is committed is announced, whatever dies."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone
from redis.exceptions import ResponseError

from gateway.bus import Position, RoomEvent, publish_pipeline
from gateway.events import Delivery
from gateway.metrics import counters
from gateway.models import OutboxEvent

log = logging.getLogger(__name__)

# An event younger than this is still on its way through the process that wrote it.
_GRACE = timedelta(seconds=1)
_SWEEP_EVENTS = 500


def write(events: Sequence[RoomEvent]) -> None:
    """Write events to the outbox, in the caller's transaction."""
    OutboxEvent.objects.bulk_create(
        OutboxEvent(event_id=event.id, room=event.room, name=event.name, delivery=event.delivery, body=event.body)
        for event in events
    )


def mark_published(events: Sequence[RoomEvent], positions: Sequence[Position | None]) -> None:
    """Note which place in its room's history each event took."""
    marks = [
        (event.id, position.epoch, position.seq)
        for event, position in zip(events, positions, strict=True)
        if position is not None
    ]
    if not marks:
        return
    ids, epochs, seqs = (list(column) for column in zip(*marks, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE gateway_outboxevent AS o SET published_at = now(), epoch = m.epoch, seq = m.seq
            FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS m(event_id, epoch, seq)
            WHERE o.event_id = m.event_id
            """,
            [ids, epochs, seqs],
        )


def sweep() -> int:
    """Announce what was committed but not announced, as when a process died in between.

    Safe to run anywhere and at any time: rows are locked, and publishing is idempotent by event id.

    Returns:
        How many events were announced.

    Raises:
        redis.RedisError: Redis is away; nothing is lost.
    """
    with transaction.atomic():
        rows = list(
            OutboxEvent.objects.select_for_update(skip_locked=True)
            .filter(published_at__isnull=True, created_at__lt=timezone.now() - _GRACE)
            .order_by("id")[:_SWEEP_EVENTS]
        )
        if not rows:
            return 0
        announced = announce(rows)
    counters.outbox_swept += announced
    return announced


def _publish(events: Sequence[RoomEvent]) -> dict[RoomEvent, Position | None]:
    try:
        return dict(zip(events, publish_pipeline(events), strict=True))
    except ResponseError:
        log.warning("Redis refused some of %d events; they are announced one by one", len(events))
    announced: dict[RoomEvent, Position | None] = {}
    for event in events:
        # One event that Redis cannot take must not hold back the others.
        try:
            announced[event] = publish_pipeline([event])[0]
        except ResponseError:
            log.exception("event %s cannot be announced", event.id)
    return announced


def announce(rows: Sequence[OutboxEvent]) -> int:
    """Announce rows of the outbox, in their order; those Redis knows by their event id are not repeated.

    Returns:
        How many were announced; one that Redis cannot take is logged and left.

    Raises:
        redis.RedisError: Redis is away; announcing them again is safe.
    """
    events = [
        RoomEvent(room=row.room, name=row.name, body=row.body, delivery=Delivery(row.delivery), id=row.event_id)
        for row in rows
    ]
    announced = _publish(events)
    mark_published(list(announced), list(announced.values()))
    return len(announced)


def page(room: str, *, after: int, limit: int) -> list[OutboxEvent]:
    """A page of a room's events, oldest first.

    Args:
        room: its wire name.
        after: the id of the last event of the page before; 0 for the first page.
        limit: how many events at the most.
    """
    return list(OutboxEvent.objects.filter(room=room, pk__gt=after).order_by("pk")[:limit])


def prune(keep: timedelta) -> int:
    """Delete announced events older than `keep`. Returns how many."""
    old = OutboxEvent.objects.filter(published_at__isnull=False, created_at__lt=timezone.now() - keep)
    return old.delete()[0]
