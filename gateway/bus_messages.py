"""What processes tell each other: events of rooms, orders about the sockets in them, orders to one process."""

import msgspec

from gateway.events import Delivery


class RoomEvent(msgspec.Struct, tag_field="type", tag="room.event", kw_only=True, frozen=True):
    """An event on its way to a room, body finished. `seq` is 0 for events without history.

    `skip` is the id of a connection that is not to hear it, as it knows already; only events without
    history may have one. `at` is when it was published, in milliseconds; known of events read from the history.
    """

    room: str
    name: str
    body: str
    delivery: Delivery
    id: str
    seq: int = 0
    epoch: str = ""
    skip: str = ""
    at: int = 0


class RoomClose(msgspec.Struct, tag_field="type", tag="room.close", kw_only=True, frozen=True):
    """An order to close sockets of a room: all, or those of one session, or all but those of one."""

    room: str
    code: int
    reason: str
    session: str = ""
    except_session: str = ""


class LevelChange(msgspec.Struct, tag_field="type", tag="level.change", kw_only=True, frozen=True):
    """The loyalty level of a user's sockets from now on. `room` is the user's."""

    room: str
    level: int


class RoomEvict(msgspec.Struct, tag_field="type", tag="room.evict", kw_only=True, frozen=True):
    """An order to take all sockets of `room`, a user's, out of other rooms, which are given by their wire names."""

    room: str
    rooms: tuple[str, ...]


class UserPlace(msgspec.Struct, tag_field="type", tag="user.place", kw_only=True, frozen=True):
    """A process has a user in a room, since a time in seconds since the epoch, or, with 0, no longer.

    `room` is the user's, `place` the wire name of the other one. Who is asked answers when it has the user there too.
    """

    room: str
    place: str
    process: str
    since: float
    asks: bool


class ProcessStop(msgspec.Struct, tag_field="type", tag="process.stop", kw_only=True, frozen=True):
    """An order to one process to stop as if it had got SIGTERM. `room` is the process's own."""

    room: str


class ProcessCanary(msgspec.Struct, tag_field="type", tag="process.canary", kw_only=True, frozen=True):
    """A question to one process whether it is well; it answers under this name. `room` is the process's own."""

    room: str
    name: str


BusMessage = RoomEvent | RoomClose | RoomEvict | LevelChange | UserPlace | ProcessStop | ProcessCanary
