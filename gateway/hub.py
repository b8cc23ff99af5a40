"""This process's members of each room, and the fan-out to them.

A message of a room is framed once for each wire and handed to every member's transport. While one round
is being written, later messages of the room collect and go out together as the next round: latency costs
nothing when idle, and load makes batches. A member that joins is held back until its snapshot is taken:
what arrives meanwhile is kept for it and sent after the snapshot, so that nothing is missed or doubled.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import RedisError

from gateway.bus import BusMessage, Position, RoomClose, RoomEvent, bus
from gateway.connection import Connection, Outlet
from gateway.errors import CloseCode, CommandError, ErrorCode
from gateway.events import Delivery, RoomReset, encode
from gateway.metrics import counters
from gateway.rooms import KINDS, Room
from gateway.wire import Broadcast, Wire

log = logging.getLogger(__name__)

# Members written to before the event loop gets a turn.
_CHUNK = 1000
_LINGER_SECONDS = 1.0


class Joining:
    """A connection on its way into a room: listening, held back until `admit`."""

    __slots__ = ("admitted", "connection", "held", "local")

    def __init__(self, local: "LocalRoom", connection: Connection) -> None:
        self.local = local
        self.connection = connection
        self.held: list[Broadcast] = []
        self.admitted: Position | None = None

    def admit(self, position: Position) -> None:
        """Let the connection in; it has been told everything of the room up to `position`."""
        self.admitted = position
        if self.local.position is None:
            self.local.position = position
        if not self.local.pending and self.is_ready:
            self.local.let_in(self)

    @property
    def is_ready(self) -> bool:
        """Whether this process has heard all that the joiner was told, so that none of it is sent again."""
        here, told = self.local.position, self.admitted
        if here is None or told is None:
            return False
        return here.epoch != told.epoch or here.seq >= told.seq


class LocalRoom:
    """A room as this process knows it: members by wire, the place in its history, what is to be written."""

    __slots__ = (
        "held_messages",
        "joining",
        "listening",
        "members",
        "pending",
        "position",
        "repairing",
        "room",
        "users",
        "writing",
    )

    def __init__(self, room: Room) -> None:
        self.room = room
        self.members: tuple[dict[Connection, Outlet], ...] = tuple({} for _ in Wire)
        self.users: Counter[str] = Counter()
        self.joining: dict[Connection, Joining] = {}
        self.position: Position | None = None
        self.pending: list[Broadcast] = []
        self.writing = False
        self.listening: asyncio.Future[None] | None = None
        self.repairing = False
        self.held_messages: list[RoomEvent] = []

    @property
    def size(self) -> int:
        """How many connections are in or on their way in."""
        return sum(map(len, self.members)) + len(self.joining)

    def accept(self, broadcast: Broadcast) -> None:
        """Take a message in, to be written to all members in the next round."""
        for joining in self.joining.values():
            joining.held.append(broadcast)
        self.pending.append(broadcast)
        if not self.writing:
            self.writing = True
            asyncio.get_running_loop().call_soon(self._write_round)

    def let_in(self, joining: Joining) -> None:
        """Send what was held back for a joiner since its snapshot, and make it a member."""
        connection = joining.connection
        if self.joining.pop(connection, None) is None:
            return
        assert joining.admitted is not None
        for broadcast in joining.held:
            if (broadcast.seq == 0 or broadcast.seq > joining.admitted.seq) and broadcast.skip != connection.id:
                connection.outlet.push(broadcast)
        self.members[connection.wire][connection] = connection.outlet

    def _write_round(self) -> None:
        batch, self.pending = self.pending, []
        chunks = [(wire, list(members.items())) for wire, members in zip(Wire, self.members, strict=True) if members]
        # A joiner's held messages include this round's, so it becomes a member only for the next.
        for joining in list(self.joining.values()):
            if joining.is_ready:
                self.let_in(joining)
        counters.fan_out_rounds += 1
        self._write_chunks(batch, chunks)

    def _write_chunks(self, batch: list[Broadcast], rest: list[tuple[Wire, list[tuple[Connection, Outlet]]]]) -> None:
        budget = _CHUNK
        while rest and budget > 0:
            wire, members = rest[-1]
            chunk = members[-budget:]
            del members[-budget:]
            if not members:
                rest.pop()
            budget -= len(chunk)
            self._write(wire, batch, chunk)
        loop = asyncio.get_running_loop()
        if rest:
            loop.call_soon(self._write_chunks, batch, rest)
        elif self.pending:
            loop.call_soon(self._write_round)
        else:
            self.writing = False

    def _write(self, wire: Wire, batch: list[Broadcast], chunk: list[tuple[Connection, Outlet]]) -> None:
        if any(item.skip for item in batch):
            self._write_singly(wire, batch, chunk)
            return
        present = self.members[wire]
        frame = batch[0].frame(wire) if len(batch) == 1 else b"".join([item.frame(wire) for item in batch])
        for connection, outlet in chunk:
            if connection not in present:
                continue
            write = outlet.raw_write
            if write is not None:
                write(frame)
            else:
                for item in batch:
                    outlet.push(item)
        counters.deliveries += len(chunk) * len(batch)

    def _write_singly(self, wire: Wire, batch: list[Broadcast], chunk: list[tuple[Connection, Outlet]]) -> None:
        for connection, outlet in chunk:
            for item in batch:
                if connection in self.members[wire] and item.skip != connection.id:
                    outlet.push(item)
                    counters.deliveries += 1


class Hub:
    """All rooms of this process. Everything here runs in the event loop's thread."""

    def __init__(self) -> None:
        self.rooms: dict[Room, LocalRoom] = {}
        self.connections: dict[str, Connection] = {}
        # Called when the number of distinct users of a counted room changes here.
        self.on_count: Callable[[Room, int], None] = lambda room, count: None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- membership -------------------------------------------------------------------------------

    @asynccontextmanager
    async def joining(self, connection: Connection, room: Room) -> AsyncIterator[Joining]:
        """Enter `room`: listen, hold messages back, and let in when the caller calls `admit`.

        A caller that leaves without calling `admit` leaves the room. Callers have authorised the
        connection by the room kind's `authorize` before.
        """
        local = self.rooms.get(room)
        if local is None:
            local = self.rooms[room] = LocalRoom(room)
        entry = local.joining[connection] = Joining(local, connection)
        connection.rooms[room] = None
        self._count(local, connection, +1)
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
        before = len(local.users)
        user_id = connection.identity.user_id
        local.users[user_id] += change
        if local.users[user_id] <= 0:
            del local.users[user_id]
        if len(local.users) != before and KINDS[local.room.kind].counted:
            self.on_count(local.room, len(local.users))

    async def _listen(self, local: LocalRoom) -> None:
        if local.listening is None:
            local.listening = asyncio.ensure_future(bus.listen(local.room))
        try:
            await asyncio.shield(local.listening)
        except (RedisError, OSError, TimeoutError) as error:
            local.listening = None
            raise CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0) from error

    def _forget(self, local: LocalRoom) -> None:
        if local.size or self.rooms.get(local.room) is not local:
            return
        del self.rooms[local.room]
        self._spawn(self._unlisten(local.room))

    async def _unlisten(self, room: Room) -> None:
        try:
            await bus.unlisten(room)
        except (RedisError, OSError, TimeoutError):
            log.debug("left a room while Redis was away")
        # Somebody may have come in while Redis was asked to forget the room.
        local = self.rooms.get(room)
        if local is not None:
            await bus.listen(room)

    # --- messages ---------------------------------------------------------------------------------

    def receive(self, message: BusMessage) -> None:
        """Take a message from the bus."""
        local = self.rooms.get(Room.parse(message.room))
        if local is None:
            return
        if isinstance(message, RoomClose):
            self._close(local, message)
        elif message.seq == 0:
            self._accept(local, message)
        else:
            self._receive_numbered(local, message)

    def _receive_numbered(self, local: LocalRoom, message: RoomEvent) -> None:
        if local.repairing:
            local.held_messages.append(message)
            return
        position = local.position
        if position is None or (position.epoch == message.epoch and message.seq == position.seq + 1):
            local.position = Position(message.epoch, message.seq)
            self._accept(local, message)
        elif position.epoch != message.epoch or message.seq > position.seq:
            local.held_messages.append(message)
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
        connections = [connection for members in local.members for connection in members] + list(local.joining)
        for connection in connections:
            session = connection.identity.session_id
            if order.session and session != order.session:
                continue
            if order.except_session and session == order.except_session:
                continue
            connection.close(CloseCode(order.code), order.reason)

    # --- gaps -------------------------------------------------------------------------------------

    def repair(self, local: LocalRoom) -> None:
        """Read what this process missed of a room before anything newer is delivered."""
        if local.repairing:
            return
        local.repairing = True
        self._spawn(self._repair(local))

    def repair_all(self) -> None:
        """Look for gaps in every room, as after the connection to Redis was lost."""
        for local in self.rooms.values():
            if local.position is not None:
                self.repair(local)

    async def _repair(self, local: LocalRoom) -> None:
        assert local.position is not None
        try:
            missed = await bus.history(local.room, local.position)
            if missed is None:
                self._reset(local, await bus.position(local.room))
            else:
                counters.gaps_repaired += 1
        except (RedisError, OSError, TimeoutError):
            # The watchdog reconnects and asks for a repair again.
            local.repairing = False
            return
        held, local.held_messages = local.held_messages, []
        local.repairing = False
        for message in [*(missed or []), *held]:
            if local.position.epoch != message.epoch or message.seq > local.position.seq:
                self._receive_numbered(local, message)

    def _reset(self, local: LocalRoom, position: Position) -> None:
        counters.rooms_reset += 1
        local.position = position
        body = encode(RoomReset(room=local.room.wire, epoch=position.epoch, reason="history_lost")).decode()
        local.accept(Broadcast("room:reset", body, Delivery.DURABLE))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


hub = Hub()
