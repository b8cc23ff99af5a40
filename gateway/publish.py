"""The one door out: `publish(room, event)`, called by services and tasks only."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from django.db import DatabaseError, transaction
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

from gateway import outbox
from gateway.bus import LevelChange, RoomClose, RoomEvent, RoomEvict, publish_pipeline, send_control, send_level
from gateway.errors import CloseCode
from gateway.events import EVENTS, Event, finish
from gateway.failpoints import failpoint
from gateway.metrics import counters
from gateway.redis_clients import outage
from gateway.rooms import Room

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event and the room it is for."""

    room: Room
    event: Event
    skip: str = ""


def publish(room: Room, event: Event, *, skip: str = "") -> str:
    """Announce `event` to `room` when the caller's transaction commits, and not if it does not.

    An event with history is written to the outbox in that transaction, so that it is announced even
    when the process dies right after the commit. Others are announced on commit and may be lost.

    Args:
        room: who is told.
        event: what they are told.
        skip: the id of a connection that knows already; only for events without history.

    Returns:
        The event's id.
    """
    return publish_many([Announcement(room, event, skip)])[0]


def publish_many(announcements: Iterable[Announcement]) -> list[str]:
    """`publish` for many events: one insert, and one round trip to Redis. Returns the events' ids."""
    events = [_finish(announcement) for announcement in announcements]
    kept = [event for event in events if event.delivery.has_history]
    if kept:
        outbox.write(kept)
    transaction.on_commit(lambda: _announce(events))
    return [event.id for event in events]


def close_sockets(room: Room, code: CloseCode, reason: str, *, session: str = "", except_session: str = "") -> None:
    """Close sockets in `room` on every process when the caller's transaction commits.

    Args:
        room: usually a user's room.
        code: why, as clients see it.
        reason: the same in a word.
        session: close only this session's sockets.
        except_session: close all but this session's sockets.
    """
    order = RoomClose(room=room.wire, code=int(code), reason=reason, session=session, except_session=except_session)
    transaction.on_commit(lambda: _send_order(order))


def change_level(room: Room, level: int) -> None:
    """Let every socket in a user's room be known by another loyalty level when the caller's transaction commits.

    Called before the change is announced, it is in force wherever the announcement is heard.
    """
    change = LevelChange(room=room.wire, level=level)
    transaction.on_commit(lambda: _send_level(change))


def evict(user: Room, rooms: Iterable[Room]) -> None:
    """Take every socket of a user out of `rooms`, on every process, when the caller's transaction commits.

    Who comes in meanwhile was let in by a look at the database from before the commit, unless the way in looks again
    once the socket is in the room.
    """
    order = RoomEvict(room=user.wire, rooms=tuple(room.wire for room in rooms))
    transaction.on_commit(lambda: _send_order(order))


def _finish(announcement: Announcement) -> RoomEvent:
    spec = EVENTS[type(announcement.event)]
    event_id, body = finish(announcement.event)
    counters.events_encoded += 1
    return RoomEvent(
        room=announcement.room.wire,
        name=spec.name,
        body=body,
        delivery=spec.delivery,
        id=event_id,
        skip=announcement.skip,
    )


def _announce(events: list[RoomEvent]) -> None:
    failpoint("committed")
    try:
        _backlog.announce()
        positions = publish_pipeline(events)
    except (RedisError, DatabaseError) as error:
        # Said once by those who find Redis away; the sweeper, or the next to be announced, brings these along.
        _backlog.grow()
        log.debug("Redis did not take %d events: %s", len(events), type(error).__name__)
        return
    outbox.mark_published_soon(events, positions)


class _Backlog:
    """What this process could not announce while Redis was away: it goes first, so that events keep their order."""

    def __init__(self) -> None:
        self._failures = 0
        self._made_good = 0
        self._lock = Lock()

    def grow(self) -> None:
        """Events of this process wait in the outbox."""
        self._failures += 1

    def announce(self) -> None:
        """Announce what waits; whoever comes meanwhile waits for that.

        Raises:
            redis.RedisError: Redis is away.
            django.db.DatabaseError: PostgreSQL is.
        """
        if self._failures == self._made_good:
            return
        with self._lock:
            failures = self._failures
            if failures == self._made_good:
                return
            if outage.is_expected:
                raise NoConnection("Redis is away")
            outbox.sweep(grace=timedelta())
            self._made_good = failures


_backlog = _Backlog()


def _send_order(order: RoomClose | RoomEvict) -> None:
    try:
        send_control(order)
    except RedisError as error:
        # Sockets re-read their session when the bus comes back, so a lost order delays but does not spare them.
        log.warning("Redis did not take an order about sockets: %s", type(error).__name__)


def _send_level(change: LevelChange) -> None:
    try:
        send_level(change)
    except RedisError as error:
        # Sockets are known anew when the bus comes back.
        log.warning("Redis did not take a user's new level: %s", type(error).__name__)
