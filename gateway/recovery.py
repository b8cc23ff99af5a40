"""Socket.IO's connection state recovery: a client that lost its connection comes back as if it had not.

A connection that asked for it keeps a trail: which events of rooms it was sent, in which order. When it is lost, the
trail is kept in Redis for two minutes. The client names the last event it got (its offset), which says of every room
how much of it has arrived; the rest is read from the rooms' histories.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from secrets import token_urlsafe

import msgspec
from redis.exceptions import RedisError

from gateway import rooms
from gateway.bus import Position, RoomEvent, bus
from gateway.connection import Connection
from gateway.database import in_database
from gateway.errors import CommandError
from gateway.events import Standing, encode
from gateway.hub import hub
from gateway.identity import Identity
from gateway.local_room import Joining
from gateway.redis_clients import async_redis
from gateway.rooms import Room
from gateway.trail import Step, Trail
from gateway.wire import Broadcast

log = logging.getLogger(__name__)

KEPT_SECONDS = 120
_PID_BYTES = 16
_saving: set[asyncio.Task[None]] = set()


class Left(msgspec.Struct, array_like=True):
    """What is kept of a lost connection: whose it was, and what it had been sent of the rooms it was in."""

    user_id: str
    session_id: str
    sid: str
    trimmed: bool
    rooms: list[str]
    steps: list[Step]


_decode = msgspec.json.Decoder(Left).decode


def new_pid() -> str:
    """A name for a connection's state that nobody can guess."""
    return token_urlsafe(_PID_BYTES)


# --- Leaving --------------------------------------------------------------------------------------


def keep(connection: Connection, pid: str, sid: str) -> None:
    """Keep the state of a connection that is lost and still in its rooms. Never waits."""
    trail = connection.trail
    if trail is None:
        return
    members = [room.wire for room in connection.rooms]
    identity = connection.identity
    left = Left(identity.user_id, identity.session_id, sid, trail.trimmed, members, trail.steps_of(members))
    task = asyncio.ensure_future(_save(pid, encode(left)))
    _saving.add(task)
    task.add_done_callback(_saving.discard)


async def flush() -> None:
    """Return when all that is to be kept is kept."""
    await asyncio.gather(*_saving)


async def _save(pid: str, left: bytes) -> None:
    try:
        await async_redis().set(_key(pid), left, ex=KEPT_SECONDS)
    except (RedisError, OSError, TimeoutError) as error:
        log.debug("a lost connection's state was not kept: %s", type(error).__name__)


# --- Coming back ----------------------------------------------------------------------------------


class Recovery:
    """A connection on its way back into its rooms: what it missed is read, and held back until `complete`.

    Attributes:
        sid: the id the connection had.
    """

    def __init__(self, connection: Connection, sid: str) -> None:
        self.sid = sid
        self._connection = connection
        self._stack = AsyncExitStack()
        self._missed: list[RoomEvent] = []
        self._entries: list[tuple[Joining, Position]] = []
        self._places: dict[Room, Position] = {}

    def standing(self, room: Room) -> Standing:
        """Where the client stands in a room it was in; what it missed there follows by events."""
        place = self._places[room]
        return Standing(recovered=True, events=[], epoch=place.epoch, seq=place.seq)

    async def enter(self, room: Room, position: Position) -> bool:
        """Enter a room, and read what is new since `position`; returns whether all of that is still kept."""
        entry = await self._stack.enter_async_context(hub.joining(self._connection, room))
        missed = await bus.history(room, position)
        if missed is None or self._connection.trail is None:
            return False
        self._connection.trail.enter(room.wire, position)
        entry.on_trail = True
        self._places[room] = position
        self._missed += missed
        self._entries.append((entry, Position(position.epoch, missed[-1].seq) if missed else position))
        return True

    async def complete(self) -> None:
        """Send what was missed, in the order it happened, and what has come meanwhile; the connection is back."""
        trail = self._connection.trail
        assert trail is not None
        # Each room's events keep their own order, whatever the clocks of different moments say.
        for event in merge(self._missed):
            broadcast = Broadcast(
                event.name, event.body, event.delivery, seq=event.seq, epoch=event.epoch, room=event.room
            )
            self._connection.deliver(broadcast)
            trail.note([broadcast])
        for entry, position in self._entries:
            entry.admit(position)
        await self._stack.aclose()

    async def give_up(self) -> None:
        """Leave the rooms again."""
        await self._stack.aclose()


async def recover(connection: Connection, pid: str, offset: str | None) -> Recovery | None:
    """Begin to bring a lost connection back; `None` when it must begin anew.

    Args:
        connection: the new connection, admitted, in no room.
        pid: the name of the state that was kept.
        offset: the last event that arrived.
    """
    try:
        left = await _take(pid, connection.identity)
        positions = _positions(left, offset) if left is not None else None
        if left is None or positions is None:
            return None
        await in_database(_authorize, connection.identity, list(positions))
        return await _enter(Recovery(connection, left.sid), positions)
    except (CommandError, RedisError, OSError, TimeoutError) as error:
        log.debug("a lost connection was not recovered: %s", type(error).__name__)
        return None


async def _take(pid: str, identity: Identity) -> Left | None:
    """The state kept as `pid`, for whom it was kept; it is good once."""
    kept = await async_redis().get(_key(pid))
    left = _decode(kept) if kept is not None else None
    if left is None or (left.user_id, left.session_id) != (identity.user_id, identity.session_id):
        return None
    return left if await async_redis().delete(_key(pid)) else None


def _positions(left: Left, offset: str | None) -> dict[Room, Position] | None:
    positions = Trail.positions(left.steps, offset, trimmed=left.trimmed)
    if positions is None or not set(left.rooms) <= set(positions):
        return None
    return {Room.parse(wire): positions[wire] for wire in left.rooms}


def _authorize(identity: Identity, members: Iterable[Room]) -> None:
    for room in members:
        rooms.authorize(identity, room)


async def _enter(recovery: Recovery, positions: dict[Room, Position]) -> Recovery | None:
    try:
        for room, position in positions.items():
            if not await recovery.enter(room, position):
                await recovery.give_up()
                return None
    except BaseException:
        await recovery.give_up()
        raise
    return recovery


def merge(events: Sequence[RoomEvent]) -> list[RoomEvent]:
    """Events of several rooms in the order they happened; within a room, by their number, whatever the clock said."""
    latest: dict[str, int] = {}
    moments: list[tuple[int, int]] = []
    for index, event in enumerate(events):
        moment = latest[event.room] = max(event.at, latest.get(event.room, 0))
        moments.append((moment, index))
    return [events[index] for _, index in sorted(moments)]


def _key(pid: str) -> str:
    return f"recovery:{pid}"
