"""All rooms of this process: entering and leaving them, what the bus brings for them, and the repair of gaps."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import RedisError

from gateway.bus import (
    BusMessage,
    LevelChange,
    Position,
    ProcessCanary,
    ProcessStop,
    RoomClose,
    RoomEvent,
    RoomEvict,
    UserPlace,
    bus,
)
from gateway.connection import Connection
from gateway.errors import REFUSED, STATE_LOST, CloseCode, CommandError, ErrorCode
from gateway.events import Delivery, RoomReset, finish
from gateway.local_room import Joining, LocalRoom
from gateway.metrics import counters
from gateway.rooms import KINDS, Room
from gateway.wire import Broadcast, Wire

log = logging.getLogger(__name__)

_LINGER_SECONDS = 1.0
_RETRY_SECONDS = 0.5


class Hub:
    """All rooms of this process. Everything here runs in the event loop's thread."""

    def __init__(self) -> None:
        self.rooms: dict[Room, LocalRoom] = {}
        self.connections: dict[str, Connection] = {}
        # Called when a user comes into a counted room here, and when they are no longer in it.
        self.on_move: Callable[[Room, str, bool], None] = lambda room, user_id, is_in: None
        # Called when another process tells where it has a user.
        self.on_place: Callable[[UserPlace], None] = lambda message: None
        # Called when the number of users this process counts in a room changes.
        self.on_count: Callable[[Room, int], None] = lambda room, count: None
        # Called when the loyalty level of a connection's user has changed.
        self.on_level: Callable[[Connection], None] = lambda connection: None
        # Called when somebody tells this process to stop.
        self.on_stop: Callable[[], None] = lambda: None
        # Called when somebody asks this process whether it is well.
        self.on_canary: Callable[[str], None] = lambda name: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._restored = 0

    # --- membership -------------------------------------------------------------------------------

    @asynccontextmanager
    async def joining(self, connection: Connection, room: Room, *, counted: bool = True) -> AsyncIterator[Joining]:
        """Enter `room`: listen, hold messages back, and let in when the caller calls `admit`.

        One that is not `counted` hears all of it and is nobody in the room's numbers.

        A caller that leaves without calling `admit` leaves the room. Callers have authorised the
        connection by the room kind's `authorize` before.

        Raises:
            CommandError: `unavailable` when Redis is away, or when the connection is gone or going.
        """
        if connection.closing or connection.id not in self.connections:
            # A command may outlive its connection, which would then never leave the room again.
            raise CommandError(ErrorCode.UNAVAILABLE)
        local = self.rooms.get(room)
        if local is None:
            local = self.rooms[room] = LocalRoom(room)
        entry = local.joining[connection] = Joining(local, connection)
        connection.rooms[room] = None
        if not counted:
            local.uncounted.add(connection)
        self._count(local, connection, +1)
        entry.place = local.count
        try:
            await self._listen(local)
            yield entry
        finally:
            if entry.admitted is None:
                self.leave(connection, room)

    def is_member(self, connection: Connection, room: Room) -> bool:
        """Whether the connection is in the room, or on its way in."""
        return room in connection.rooms

    def leave(self, connection: Connection, room: Room) -> bool:
        """Take the connection out of the room; returns whether it was in."""
        local = self.rooms.get(room)
        if local is None or room not in connection.rooms:
            return False
        del connection.rooms[room]
        local.members[connection.wire].pop(connection, None)
        local.joining.pop(connection, None)
        self._count(local, connection, -1)
        local.uncounted.discard(connection)
        if not local.size:
            # A room left and entered again soon keeps its subscription.
            asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._forget, local)
        return True

    def count(self, room: Room) -> int:
        """How many distinct users are in the room in this process."""
        local = self.rooms.get(room)
        return len(local.users) if local is not None else 0

    def add(self, connection: Connection) -> None:
        """Know an authenticated connection."""
        self.connections[connection.id] = connection
        counters.connections = len(self.connections)

    def remove(self, connection: Connection) -> list[Room]:
        """Forget a connection that is gone; returns the rooms it was in. Costs as much as it had rooms."""
        rooms = list(connection.rooms)
        for room in rooms:
            self.leave(connection, room)
        self.connections.pop(connection.id, None)
        counters.connections = len(self.connections)
        return rooms

    def _count(self, local: LocalRoom, connection: Connection, change: int) -> None:
        if connection in local.uncounted:
            return
        before = len(local.users)
        user_id = connection.identity.user_id
        local.users[user_id] += change
        if local.users[user_id] <= 0:
            del local.users[user_id]
        if len(local.users) != before and KINDS[local.room.kind].counted:
            self.on_move(local.room, user_id, change > 0)
            self.on_count(local.room, local.count)

    async def _listen(self, local: LocalRoom) -> None:
        listening = local.listening
        if listening is None:
            listening = local.listening = asyncio.ensure_future(self._open(local))
        try:
            await asyncio.shield(listening)
        except (RedisError, OSError, TimeoutError) as error:
            if local.listening is listening:
                local.listening = None
            raise CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0) from error

    async def _open(self, local: LocalRoom) -> None:
        """Hear the room, and learn where it stands: all that follows is heard, all else is for joiners to read."""
        restored = self._restored
        await bus.listen(local.room)
        position = await bus.position(local.room)
        if local.position is None:
            local.position = position
        if restored != self._restored:
            self.repair(local)

    def _forget(self, local: LocalRoom) -> None:
        if local.size or self.rooms.get(local.room) is not local:
            return
        del self.rooms[local.room]
        self._spawn(self._unlisten(local.room))

    async def _unlisten(self, room: Room) -> None:
        if room in self.rooms:
            # Somebody has come in meanwhile.
            return
        try:
            await bus.unlisten(room)
        except (RedisError, OSError, TimeoutError):
            log.debug("left a room while Redis was away")

    # --- messages ---------------------------------------------------------------------------------

    def receive(self, message: BusMessage) -> None:
        """Take a message from the bus."""
        local = self.rooms.get(Room.parse(message.room))
        if local is None:
            if isinstance(message, ProcessStop):
                self.on_stop()
            elif isinstance(message, ProcessCanary):
                self.on_canary(message.name)
        elif isinstance(message, ProcessStop | ProcessCanary):
            log.warning("an order to a process came to the room %s", message.room)
        elif isinstance(message, RoomClose):
            self._close(local, message)
        elif isinstance(message, LevelChange):
            for connection in local.connections:
                connection.set_level(message.level)
                self.on_level(connection)
        elif isinstance(message, UserPlace):
            self.on_place(message)
        elif isinstance(message, RoomEvict):
            self._evict(local, message)
        elif message.seq == 0:
            self._accept(local, message)
        else:
            self._receive_numbered(local, message)

    def _receive_numbered(self, local: LocalRoom, message: RoomEvent) -> None:
        if local.repairing:
            local.hold(message)
            return
        position = local.position
        if message.epoch in local.ended:
            return
        if position is None or (position.epoch == message.epoch and message.seq == position.seq + 1):
            local.position = Position(message.epoch, message.seq)
            self._accept(local, message)
        elif position.epoch != message.epoch or message.seq > position.seq:
            local.hold(message)
            self.repair(local)

    def _accept(self, local: LocalRoom, message: RoomEvent) -> None:
        counters.events_received += 1
        local.accept(
            Broadcast(
                message.name, message.body, message.delivery,
                seq=message.seq, epoch=message.epoch, room=message.room, skip=message.skip,
            )
        )  # fmt: skip

    def _close(self, local: LocalRoom, order: RoomClose) -> None:
        for connection in local.connections:
            session = connection.identity.session_id
            if order.session and session != order.session:
                continue
            if order.except_session and session == order.except_session:
                continue
            connection.close(CloseCode(order.code), order.reason)

    def _evict(self, local: LocalRoom, order: RoomEvict) -> None:
        for connection in local.connections:
            left = [wire for wire in order.rooms if self.leave(connection, Room.parse(wire))]
            if left and connection.wire is Wire.BINARY:
                # It is here for that room alone.
                connection.close(REFUSED, "expelled")

    # --- gaps -------------------------------------------------------------------------------------

    def repair(self, local: LocalRoom) -> None:
        """Read what this process missed of a room before anything newer is delivered."""
        if local.repairing:
            # What is being read now may be older than what this caller knows to be missing.
            local.repair_again = True
            return
        local.repairing = True
        self._spawn(self._repair(local))

    def repair_all(self) -> None:
        """Look for gaps in every room, as after the connection to Redis was lost."""
        self._restored += 1
        for local in self.rooms.values():
            if local.position is not None:
                self.repair(local)

    async def _repair(self, local: LocalRoom) -> None:
        try:
            missed, current = await self._read_missed(local)
        finally:
            held, local.held_messages = local.held_messages, []
            again, local.repair_again = local.repair_again, False
            local.repairing = False
        if missed:
            counters.gaps_repaired += 1
        if current is not None:
            self._reset(local, current)
        for message in [*missed, *held]:
            self._receive_numbered(local, message)
        if again:
            self.repair(local)

    async def _read_missed(self, local: LocalRoom) -> tuple[list[RoomEvent], Position | None]:
        """What this process missed of the room; and where the room stands, when that is no longer kept."""
        while self.rooms.get(local.room) is local:
            assert local.position is not None
            try:
                missed = await bus.history(local.room, local.position)
                if missed is not None:
                    return missed, None
                return [], await bus.position(local.room)
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(_RETRY_SECONDS)
        return [], None

    def _reset(self, local: LocalRoom, position: Position) -> None:
        counters.rooms_reset += 1
        if local.position is not None:
            local.ended.add(local.position.epoch)
        # An epoch that goes on, though part of its history is lost, has not ended.
        local.ended.discard(position.epoch)
        local.position = position
        body = finish(RoomReset(room=local.room.wire, epoch=position.epoch, reason="history_lost"))[1]
        local.accept(
            Broadcast(
                "room:reset",
                body,
                Delivery.DURABLE,
                seq=position.seq,
                epoch=position.epoch,
                room=local.room.wire,
            )
        )
        for connection in local.connections:
            if connection.wire is Wire.BINARY:
                # Its protocol has no word for a reset. It comes back, and the two sides tell each other what they lack.
                connection.close(STATE_LOST, "history_lost")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work of the hub failed", exc_info=task.exception())


hub = Hub()
