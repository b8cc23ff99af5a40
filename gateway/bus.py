"""The way between processes: rooms' messages, their sequence, their history, and the repair of gaps.

A room's events with history are published by one Lua script that is idempotent by event id, takes the
room's next `seq`, appends to its capped Redis stream and publishes. `epoch` names the life of that
sequence: when Redis may have lost data, the epoch changes and members are told `room:reset`. The bus carries
finished JSON, which no process decodes to pass it on.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import msgspec
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import NoScriptError, RedisError

from gateway.bus_messages import (
    BusMessage,
    LevelChange,
    ProcessCanary,
    ProcessStop,
    RoomClose,
    RoomEvent,
    RoomEvict,
    UserPlace,
)
from gateway.bus_scripts import HISTORY, POSITION, PUBLISH, PUBLISH_SHA
from gateway.channel_layer import GatewayChannelLayer, LoopLayer
from gateway.events import Delivery
from gateway.redis_clients import Script, ask, outage, sync_redis
from gateway.rooms import Room

__all__ = [
    "Bus",
    "BusMessage",
    "GatewayChannelLayer",
    "LevelChange",
    "Position",
    "ProcessCanary",
    "ProcessStop",
    "RoomClose",
    "RoomEvent",
    "RoomEvict",
    "UserPlace",
    "bus",
    "process_room",
    "publish_pipeline",
    "send_control",
    "send_level",
    "tell_process",
]

log = logging.getLogger(__name__)

# The channel layer's default prefix, which the publishing script must share with it.
CHANNEL_PREFIX = "asgi"
_STATE_SECONDS = 7 * 24 * 3600
# Longer than any client takes to come in.
_ENDED_SECONDS = 300
# How long an event is still known by its id after it was marked as announced: longer than any announcement takes that
# was under way. Until then it is known as long as its room is, because somebody may announce it again.
_KNOWN_SECONDS = 600
_decode = msgspec.msgpack.Decoder(BusMessage).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a room's history: the epoch and the last event's number in it."""

    epoch: str
    seq: int

    @classmethod
    def parse(cls, text: str) -> "Position":
        epoch, _, seq = text.partition(":")
        return cls(epoch, int(seq))


def _key(room: Room, part: str) -> str:
    # The braces keep a room's keys on one shard of a Redis cluster.
    return f"room:{{{room.group}}}:{part}"


def _known(room: Room, event_id: str) -> str:
    return f"{_key(room, 'seen')}:{event_id}"


def _channel(room: Room) -> str:
    return f"{CHANNEL_PREFIX}__group__{room.group}"


# --- From threads: services, tasks, commands ------------------------------------------------------


def publish_pipeline(events: Sequence[RoomEvent]) -> list[Position | None]:
    """Publish all `events` in one round trip to Redis.

    Returns:
        The position each event took in its room's history, `None` for events without history.

    Raises:
        redis.RedisError: Redis did not take them all; publishing them again is safe.
    """
    outage.check()
    try:
        answers = _answers(events)
    except Exception as error:
        outage.failed(error)
        raise
    outage.answered()
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return [
        Position.parse(answer) if event.delivery.has_history else None
        for event, answer in zip(events, answers, strict=True)
    ]


def forget_soon(events: Iterable[tuple[str, str]]) -> None:
    """Let Redis forget events in a while, by room and id: they are marked, and nobody announces them any more."""
    pipeline = sync_redis().pipeline(transaction=False)
    for room, event_id in events:
        pipeline.expire(_known(Room.parse(room), event_id), _KNOWN_SECONDS)
    try:
        pipeline.execute()
    except RedisError as error:
        log.debug("Redis knows some events for longer than it must: %s", type(error).__name__)


def current_epoch(room: Room) -> str:
    """The epoch of the room's history; a room without one is given one. For threads.

    Raises:
        redis.RedisError: Redis is away.
    """
    keys = _key(room, "state"), _key(room, "history")
    return str(sync_redis().eval(POSITION.source, len(keys), *keys, token_hex(4), _STATE_SECONDS)[0])


def _answers(events: Sequence[RoomEvent]) -> list[Any]:
    answers = _execute(events)
    unknown = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
    if unknown:
        # Redis has restarted since the script was loaded; only what was refused is sent again.
        sync_redis().script_load(PUBLISH)
        for index, answer in zip(unknown, _execute([events[index] for index in unknown]), strict=True):
            answers[index] = answer
    return answers


def _execute(events: Sequence[RoomEvent]) -> list[Any]:
    pipeline = sync_redis().pipeline(transaction=False)
    now = int(time.time() * 1000)
    for event in events:
        room = Room.parse(event.room)
        if not event.delivery.has_history:
            pipeline.publish(_channel(room), _encode(event))
            continue
        pipeline.evalsha(
            PUBLISH_SHA, 3, _key(room, "state"), _key(room, "history"), _known(room, event.id),
            _channel(room), event.room, event.name, event.body, event.delivery, event.id, token_hex(4),
            settings.GATEWAY_HISTORY_EVENTS, settings.GATEWAY_HISTORY_SECONDS, _STATE_SECONDS, _STATE_SECONDS, now,
        )  # fmt: skip
    return pipeline.execute(raise_on_error=False)


def send_control(order: RoomClose | RoomEvict) -> None:
    """Send an order about a room's sockets to every process that holds the room.

    The end of a session is noted too, before it is told: a socket that is just coming in was let in by a look
    at the database from before, and looks for the note once it can hear orders.
    """
    pipeline = sync_redis().pipeline(transaction=False)
    if isinstance(order, RoomClose) and order.session:
        pipeline.set(_ended(order.session), f"{order.code}:{order.reason}", ex=_ENDED_SECONDS)
    pipeline.publish(_channel(Room.parse(order.room)), _encode(order))
    pipeline.execute()


def send_level(change: LevelChange) -> None:
    """Tell every process with sockets of a user the user's level; noted first, for sockets that are just coming in."""
    pipeline = sync_redis().pipeline(transaction=False)
    pipeline.set(_level(change.room), change.level, ex=_ENDED_SECONDS)
    pipeline.publish(_channel(Room.parse(change.room)), _encode(change))
    pipeline.execute()


_NOTE = Script("return redis.call('GET', KEYS[1])")


def process_room(process: str) -> Room:
    """The room in which a process, by its name in the cluster, hears orders to itself."""
    return Room("process", process)


def tell_process(process: str, order: ProcessStop | ProcessCanary) -> bool:
    """Send an order to one process; returns whether it has heard."""
    return int(sync_redis().publish(_channel(process_room(process)), _encode(order))) > 0


def _ended(session: str) -> str:
    return f"session:ended:{session}"


def _level(room: str) -> str:
    return f"level:{room}"


# --- In the event loop ----------------------------------------------------------------------------


class Bus:
    """The event loop's side: which rooms this process hears, and where their histories stand."""

    def __init__(self) -> None:
        self._layer: LoopLayer | None = None
        self._receiver: Callable[[BusMessage], None] = lambda message: None

    @property
    def healthy(self) -> bool:
        """Whether messages of other processes are known to arrive."""
        return self._layer is not None and self._layer.healthy

    async def start(self, receiver: Callable[[BusMessage], None], on_restored: Callable[[], None]) -> None:
        """Connect. `receiver` gets each message of the rooms listened to, in the order Redis has them.

        Args:
            receiver: called in the event loop; must not wait.
            on_restored: called after a lost connection is back and every room is listened to again.
        """
        layer = get_channel_layer()
        assert isinstance(layer, GatewayChannelLayer)
        self._layer = layer._get_layer()
        self._receiver = receiver
        self._layer.on_restored = on_restored
        await self._layer.open()

    async def listen(self, room: Room) -> None:
        """Hear the room from now on; what is published after this returns is heard."""
        assert self._layer is not None
        await self._layer.listen(room.group, self._receive)

    async def unlisten(self, room: Room) -> None:
        """Hear the room no longer."""
        assert self._layer is not None
        await self._layer.unlisten(room.group)

    async def tell(self, message: UserPlace) -> None:
        """Send what is not for clients to every process that hears the message's room."""
        await ask("PUBLISH", _channel(Room.parse(message.room)), _encode(message))

    async def position(self, room: Room) -> Position:
        """Where the room's history stands; a room without one is given an epoch."""
        epoch, seq = await POSITION([_key(room, "state"), _key(room, "history")], [token_hex(4), _STATE_SECONDS])
        return Position(epoch, int(seq))

    async def end_of(self, session: str) -> tuple[int, str] | None:
        """The close code and reason of a session that has ended a short while ago."""
        note = await _NOTE([_ended(session)], [])
        if note is None:
            return None
        code, _, reason = str(note).partition(":")
        return int(code), reason

    async def level_of(self, room: Room) -> int | None:
        """The level of the user whose room it is, when it changed a short while ago."""
        note = await _NOTE([_level(room.wire)], [])
        return int(note) if note is not None else None

    async def history(self, room: Room, since: Position) -> list[RoomEvent] | None:
        """The room's events after `since`, oldest first; `None` when some of them are no longer kept."""
        epoch, seq, entries = await HISTORY([_key(room, "state"), _key(room, "history")], [since.epoch, since.seq])
        last = int(seq)
        if epoch != since.epoch or last < since.seq:
            return None
        events = [_from_history(room, epoch, entry, fields) for entry, fields in entries]
        complete = [event.seq for event in events] == list(range(since.seq + 1, last + 1))
        oldest = (time.time() - settings.GATEWAY_HISTORY_SECONDS) * 1000
        recent = not entries or int(_fields(entries[0][1])["at"]) >= oldest
        return events if complete and recent else None

    def _receive(self, data: bytes) -> None:
        self._receiver(_decode(data))


def _from_history(room: Room, epoch: str, entry: str, flat: list[str]) -> RoomEvent:
    fields = _fields(flat)
    return RoomEvent(
        room=room.wire,
        name=fields["name"],
        body=fields["body"],
        delivery=Delivery(fields["delivery"]),
        id=fields["id"],
        seq=int(entry.partition("-")[0]),
        at=int(fields["at"]),
        epoch=epoch,
    )


def _fields(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


bus = Bus()
