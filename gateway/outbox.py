"""Events written beside the rows they tell of: what is committed is announced, whatever dies."""

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from time import sleep

import msgspec
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from redis.exceptions import ResponseError

from gateway.bus import Position, RoomEvent, current_epoch, forget_soon, publish_pipeline
from gateway.database import write_rows
from gateway.events import Delivery
from gateway.metrics import counters
from gateway.models import OutboxEvent
from gateway.redis_clients import require_redis
from gateway.rooms import Room

log = logging.getLogger(__name__)

# An event younger than this is still on its way through the process that wrote it.
_GRACE = timedelta(seconds=1)
_SWEEP_EVENTS = 500
# Far less than the grace, within which the sweeper leaves an event alone.
_MARK_SECONDS = 0.1


class _Mark(msgspec.Struct):
    """The place in its room's history an event took."""

    room: str
    event_id: str
    epoch: str
    seq: int


def write(events: Sequence[RoomEvent]) -> None:
    """Write events to the outbox, in the caller's transaction."""
    write_rows(
        """
        INSERT INTO gateway_outboxevent (event_id, room, name, delivery, body, created_at, epoch, seq)
        SELECT e.id, e.room, e.name, e.delivery, e.body, now(), '', 0
        FROM json_to_recordset(%s) AS e(id text, room text, name text, delivery text, body text)
        """,
        events,
    )


def mark_published(events: Sequence[RoomEvent], positions: Sequence[Position | None]) -> None:
    """Note which place in its room's history each event took."""
    marks = [
        _Mark(event.room, event.id, position.epoch, position.seq)
        for event, position in zip(events, positions, strict=True)
        if position is not None
    ]
    if marks:
        _mark(marks)


def mark_published_soon(events: Sequence[RoomEvent], positions: Sequence[Position | None]) -> None:
    """`mark_published`, in a thread of its own and together with others: nobody waits for a mark.

    An event whose mark is lost with the process is announced again by the sweeper, which changes nothing.
    """
    _marker.add(
        _Mark(event.room, event.id, position.epoch, position.seq)
        for event, position in zip(events, positions, strict=True)
        if position is not None
    )


class _Marker:
    """Collects marks for a moment, and writes them together."""

    def __init__(self) -> None:
        self._waiting: deque[_Mark] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="outbox-marks")
        self._is_due = Lock()

    def add(self, marks: Iterable[_Mark]) -> None:
        self._waiting.extend(marks)
        if self._is_due.acquire(blocking=False):
            self._writer.submit(self._write)

    def _write(self) -> None:
        sleep(_MARK_SECONDS)
        # Released before the marks are taken: one that is added from here on has a turn of its own.
        self._is_due.release()
        marks = []
        while self._waiting:
            marks.append(self._waiting.popleft())
        if not marks:
            return
        try:
            _mark(marks)
        except DatabaseError as error:
            log.warning("%d events were announced but not marked so: %s", len(marks), type(error).__name__)
            connection.close_if_unusable_or_obsolete()


_marker = _Marker()


def _mark(marks: Sequence[_Mark]) -> None:
    write_rows(
        """
        UPDATE gateway_outboxevent AS o SET published_at = now(), epoch = m.epoch, seq = m.seq
        FROM json_to_recordset(%s) AS m(event_id text, epoch text, seq bigint)
        WHERE o.event_id = m.event_id
        """,
        marks,
    )
    transaction.on_commit(lambda: forget_soon((mark.room, mark.event_id) for mark in marks))


def sweep(*, grace: timedelta = _GRACE) -> int:
    """Announce all that was committed but not announced, as when a process died in between.

    Safe to run anywhere and at any time: sweeps wait for each other, so that events keep their order, and
    publishing is idempotent by event id.

    Args:
        grace: leave events younger than this to the process that wrote them.

    Returns:
        How many events were announced.

    Raises:
        redis.RedisError: Redis is away; nothing is lost.
    """
    # Whoever is cut off from Redis must find out before it makes others wait for its sweep.
    require_redis()
    before, last, announced = timezone.now() - grace, 0, 0
    while True:
        with transaction.atomic():
            _wait_for_other_sweeps()
            unpublished = OutboxEvent.objects.filter(published_at__isnull=True, created_at__lte=before, pk__gt=last)
            rows = list(unpublished.order_by("pk")[:_SWEEP_EVENTS])
            if rows:
                announced += announce(rows)
        if len(rows) < _SWEEP_EVENTS:
            counters.outbox_swept += announced
            return announced
        last = rows[-1].pk


def _wait_for_other_sweeps() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('gateway.outbox.sweep'))")


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


def replay(room: str, rows: Sequence[OutboxEvent]) -> int:
    """Announce rows of a room's log again, in their order, save those its present epoch has already.

    Returns:
        How many were announced.

    Raises:
        redis.RedisError: Redis is away; announcing them again is safe.
    """
    epoch = current_epoch(Room.parse(room))
    return announce([row for row in rows if row.epoch != epoch])


def page(room: str, *, after: int, limit: int) -> list[OutboxEvent]:
    """A page of a room's events, oldest first.

    Args:
        room: its wire name.
        after: the id of the last event of the page before; 0 for the first page.
        limit: how many events at the most.
    """
    return list(OutboxEvent.objects.filter(room=room, pk__gt=after).order_by("pk")[:limit])


def last(room: str, count: int) -> list[OutboxEvent]:
    """The last `count` events of a room, by its wire name, oldest first."""
    return list(OutboxEvent.objects.filter(room=room).order_by("-pk")[:count])[::-1]


def prune(keep: timedelta) -> int:
    """Delete announced events older than `keep`. Returns how many."""
    old = OutboxEvent.objects.filter(published_at__isnull=False, created_at__lt=timezone.now() - keep)
    return old.delete()[0]
