"""One room as one process knows it: who is in, who is on the way in, and the fan-out to them.

A message is framed once for each wire and handed to every member's transport. While one round is being
written, later messages of the room collect and go out together as the next round: latency costs nothing
when idle, and load makes batches. A member that joins is held back until its snapshot is taken: what
arrives meanwhile is kept for it and sent after the snapshot, so that nothing is missed or doubled.
"""

import asyncio
from collections import Counter

from gateway.bus import Position, RoomEvent
from gateway.connection import Connection
from gateway.events import Delivery
from gateway.metrics import counters
from gateway.outlet import Outlet
from gateway.rooms import Room
from gateway.wire import Broadcast, Wire

# Members written to before the event loop gets a turn.
_CHUNK = 1000
# More messages than this, held back during a repair, are dropped and read from the history instead.
_HELD_MESSAGES = 10_000
# How many messages at the most are kept for joiners who share a reading.
_RECENT_MESSAGES = 1000


class Joining:
    """A connection on its way into a room: listening, held back until `admit`.

    Attributes:
        place: how many users this process counted in the room with this one when it came; who comes later
            does not count, so that of many who come at once the first finds the last place free.
        on_trail: whether the connection's trail says already where it stands, as when events tell it the rest.
    """

    __slots__ = ("admitted", "connection", "held", "local", "on_trail", "place")

    def __init__(self, local: "LocalRoom", connection: Connection) -> None:
        self.local = local
        self.connection = connection
        self.held: list[Broadcast] = []
        self.admitted: Position | None = None
        self.place = 0
        self.on_trail = False

    def admit(self, position: Position) -> None:
        """Let the connection in; it has been told everything of the room up to `position`.

        The position must have been read after the joining began.
        """
        self.admitted = position
        self._come_in()

    def admit_after_answer(self, position: Position) -> None:
        """`admit`, for a caller that tells all up to `position` by its answer, which it returns right away."""
        self.admitted = position
        asyncio.get_running_loop().call_soon(self._come_in)

    def rewind(self, recent: list[Broadcast]) -> None:
        """Hold back what the room has told since `LocalRoom.remember` gave this, as if the joining had begun then."""
        self.held = list(recent)

    def _come_in(self) -> None:
        if not self.local.pending and self.is_ready:
            self.local.let_in(self)

    @property
    def is_ready(self) -> bool:
        """Whether this process has heard all that the joiner was told, so that none of it is sent again."""
        here, told = self.local.position, self.admitted
        if here is None or told is None:
            return False
        return here.epoch != told.epoch or here.seq >= told.seq

    def is_news(self, item: Broadcast) -> bool:
        """Whether something held back tells the connection what it was not told on admission."""
        here, told = self.local.position, self.admitted
        assert here is not None
        assert told is not None
        if item.skip == self.connection.id:
            return False
        if not item.epoch:
            return True
        if item.epoch == told.epoch:
            return item.seq > told.seq
        # Of another epoch: either older than what was told, or told of the end of that.
        return here.epoch != told.epoch


class LocalRoom:
    """A room as this process knows it: members by wire, the place in its history, what is to be written."""

    __slots__ = (
        "elsewhere",
        "ended",
        "held_messages",
        "joining",
        "late",
        "listening",
        "members",
        "pending",
        "position",
        "recent",
        "repair_again",
        "repairing",
        "room",
        "uncounted",
        "users",
        "writing",
    )

    def __init__(self, room: Room) -> None:
        self.room = room
        self.members: tuple[dict[Connection, Outlet], ...] = tuple({} for _ in Wire)
        self.users: Counter[str] = Counter()
        # Those who are in and not among the users that are counted.
        self.uncounted: set[Connection] = set()
        # Users who are in on another process too, which counts them.
        self.elsewhere: set[str] = set()
        self.joining: dict[Connection, Joining] = {}
        self.position: Position | None = None
        # Epochs that are over; what still arrives of them is older than what members were told since.
        self.ended: set[str] = set()
        self.pending: list[Broadcast] = []
        self.late: set[Connection] = set()
        self.writing = False
        self.listening: asyncio.Future[None] | None = None
        self.repairing = False
        self.held_messages: list[RoomEvent] = []
        self.repair_again = False
        self.recent: list[Broadcast] | None = None

    @property
    def connections(self) -> list[Connection]:
        """Whoever is in the room or on the way in."""
        return [connection for members in self.members for connection in members] + list(self.joining)

    @property
    def count(self) -> int:
        """How many users this process counts here."""
        return len(self.users) - len(self.elsewhere)

    @property
    def size(self) -> int:
        """How many connections are in or on their way in."""
        return sum(map(len, self.members)) + len(self.joining)

    def accept(self, broadcast: Broadcast) -> None:
        """Take a message in, to be written to all members in the next round."""
        for joining in self.joining.values():
            joining.held.append(broadcast)
        if self.recent is not None:
            self._keep(self.recent, broadcast)
        self.pending.append(broadcast)
        if not self.writing:
            self.writing = True
            asyncio.get_running_loop().call_soon(self._write_round)

    def remember(self) -> list[Broadcast]:
        """Begin to keep what the room tells, for those who come after a reading began and share it.

        It is complete as long as `recent` is this same list; after too many messages it is given up.
        """
        self.recent = []
        return self.recent

    def _keep(self, recent: list[Broadcast], broadcast: Broadcast) -> None:
        if len(recent) >= _RECENT_MESSAGES:
            self.recent = None
        elif broadcast.delivery is not Delivery.VOLATILE:
            recent.append(broadcast)

    def hold(self, message: RoomEvent) -> None:
        """Keep a message until the gap before it is repaired; too many are left to be read from the history."""
        if len(self.held_messages) >= _HELD_MESSAGES:
            self.held_messages.clear()
            self.repair_again = True
        self.held_messages.append(message)

    def let_in(self, joining: Joining) -> None:
        """Send what was held back for a joiner since its snapshot, and make it a member."""
        connection = joining.connection
        if self.joining.pop(connection, None) is None:
            return
        news = [broadcast for broadcast in joining.held if joining.is_news(broadcast)]
        for broadcast in news:
            connection.outlet.push(broadcast)
        if connection.trail is not None and joining.admitted is not None:
            if not joining.on_trail:
                connection.trail.enter(self.room.wire, joining.admitted)
            connection.trail.note(news)
        self.members[connection.wire][connection] = connection.outlet
        if self.writing:
            # It may have been a member when this round began: what is still to be written it has had already.
            self.late.add(connection)

    def _write_round(self) -> None:
        batch, self.pending = self.pending, []
        self.late.clear()
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
            self.late.clear()

    def _write(self, wire: Wire, batch: list[Broadcast], chunk: list[tuple[Connection, Outlet]]) -> None:
        if wire is Wire.RECOVERABLE:
            self._remember(batch, chunk)
        if any(item.skip for item in batch):
            self._write_singly(wire, batch, chunk)
            return
        present, late = self.members[wire], self.late
        frame = batch[0].frame(wire) if len(batch) == 1 else b"".join([item.frame(wire) for item in batch])
        for connection, outlet in chunk:
            if connection not in present or (late and connection in late):
                continue
            write = outlet.raw_write
            if write is not None:
                write(frame)
            else:
                for item in batch:
                    outlet.push(item)
        counters.deliveries += len(chunk) * len(batch)

    def _remember(self, batch: list[Broadcast], chunk: list[tuple[Connection, Outlet]]) -> None:
        present, late = self.members[Wire.RECOVERABLE], self.late
        for connection, _ in chunk:
            if connection.trail is not None and connection in present and connection not in late:
                connection.trail.note(batch)

    def _write_singly(self, wire: Wire, batch: list[Broadcast], chunk: list[tuple[Connection, Outlet]]) -> None:
        present, late = self.members[wire], self.late
        for connection, outlet in chunk:
            if connection not in present or (late and connection in late):
                continue
            for item in batch:
                if item.skip != connection.id:
                    outlet.push(item)
                    counters.deliveries += 1
