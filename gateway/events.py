"""Declare an event once: its name, direction, fields, limit, room kind, delivery class and example.

A command is what a client may send; an event is what the server sends. Both are `msgspec` structs with
camelCase names on the wire. The transports, the documentation and the contract tests read the
registries here, so that adding an event touches no transport.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import msgspec


class Delivery(StrEnum):
    """How much an event matters to a client that cannot keep up."""

    DURABLE = "durable"
    """Money, moderation, throne, tiers: in the room's history, never dropped."""
    ORDERED = "ordered"
    """Chat: in the room's history, never dropped, never out of order."""
    LATEST = "latest"
    """Metrics: only the newest value of a room waits for a slow client."""
    VOLATILE = "volatile"
    """Typing, cursors, join notices: the first to be dropped."""

    @property
    def has_history(self) -> bool:
        return self in (Delivery.DURABLE, Delivery.ORDERED)


# Ids are strings of digits that fit PostgreSQL's bigint.
Id = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,17}$")]
# PostgreSQL keeps no NUL in a text.
ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class Command(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What a client sends. `cid` makes a retry safe: the same `cid` has one effect and one answer."""

    cid: ClientId | None = None


class Event(msgspec.Struct, kw_only=True, rename="camel"):
    """What the server sends. `eventId`, and for events with history `seq` and `epoch`, are added on the way out."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A declared command."""

    name: str
    type: type[Command]
    limit: str | None
    needs_connection: bool
    example: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventSpec:
    """A declared server event. Several shapes may share a name, as the wire contract has it."""

    name: str
    type: type[Event]
    to: str
    delivery: Delivery
    example: dict[str, Any]


COMMANDS: dict[str, CommandSpec] = {}
EVENTS: dict[type[Event], EventSpec] = {}
# Events that carry bytes, by name: how a socket that takes nothing but bytes reads them.
RAW: dict[str, Callable[[bytes], bytes]] = {}

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


def command(
    name: str, *, example: dict[str, Any], limit: str | None = "default", needs_connection: bool = False
) -> Callable[[type[C]], type[C]]:
    """Declare the command clients send as `name`.

    Args:
        name: the event name on the wire.
        example: a valid payload, used by the documentation and the contract tests.
        limit: the name of its rate limit in `settings.GATEWAY_RATE_LIMITS`; `None` when its handler spends one.
        needs_connection: whether it makes sense only on a live socket, not over REST.
    """

    def declare(cls: type[C]) -> type[C]:
        if name in COMMANDS:
            raise ValueError(f"command {name} is declared twice")
        COMMANDS[name] = CommandSpec(name, cls, limit, needs_connection, example)
        return cls

    return declare


def event(
    name: str,
    *,
    to: str,
    example: dict[str, Any],
    delivery: Delivery = Delivery.ORDERED,
    raw: Callable[[bytes], bytes] | None = None,
) -> Callable[[type[E]], type[E]]:
    """Declare a shape of the server event `name`.

    Args:
        name: the event name on the wire.
        to: who gets it, in the words of the wire contract.
        example: a full payload, used by the documentation and the contract tests.
        delivery: what may happen to it when a client cannot keep up.
        raw: for an event whose first field is bytes: what a socket that takes nothing but bytes gets of it.
            Socket.IO sends the field as an attachment, JSON holds it as base64.
    """

    def declare(cls: type[E]) -> type[E]:
        if raw is not None:
            if msgspec.structs.fields(cls)[0].type is not bytes:
                raise ValueError(f"the first field of {name} is not bytes")
            RAW[name] = raw
        EVENTS[cls] = EventSpec(name, cls, to, delivery, example)
        return cls

    return declare


def now_iso() -> str:
    """The time as clients read it: ISO 8601, UTC, milliseconds."""
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """`moment` as clients read it: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_of(seconds: float) -> str:
    """A time in seconds since the epoch as clients read it."""
    return iso(datetime.fromtimestamp(seconds, UTC))


_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """`value` as JSON bytes."""
    return _encoder.encode(value)


def finish(event: Event) -> tuple[str, str]:
    """A new event id, and the event's JSON with it, as every event of the server carries one."""
    event_id = uuid4().hex
    body = _encoder.encode(event)[:-1].decode()
    separator = "" if body == "{" else ","
    return event_id, f'{body}{separator}"eventId":"{event_id}"}}'


# --- Where rooms stand ----------------------------------------------------------------------------


class Since(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The last event of a room a client has seen."""

    epoch: Annotated[str, msgspec.Meta(max_length=16)]
    seq: Annotated[int, msgspec.Meta(ge=0)]


class MissedEvent(msgspec.Struct, kw_only=True, frozen=True):
    """One event a resuming client missed."""

    event: str
    data: msgspec.Raw


class Standing(msgspec.Struct, kw_only=True, frozen=True):
    """Where a room stands for who has just entered it: the next event is the one after `seq` of `epoch`.

    `recovered` tells that `events` are all that was missed since the place the client named.
    """

    recovered: bool
    events: list[MissedEvent]
    epoch: str
    seq: int


# --- The gateway's own events ---------------------------------------------------------------------


class SessionLimits(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """What a client may do, told on connect so that it need not find out by being refused."""

    max_frame_bytes: int
    max_rooms: int
    rates: dict[str, list[tuple[int, float]]]


@event(
    "session:ready",
    to="the client, once authenticated",
    delivery=Delivery.DURABLE,
    example={
        "serverTime": "2026-01-01T12:00:00.000Z",
        "sessionId": "0b9f6a52-3f0c-4a55-9d5f-1c2d3e4f5a6b",
        "tokenExpiresAt": "2026-01-01T12:05:00.000Z",
        "limits": {"maxFrameBytes": 65536, "maxRooms": 10, "rates": {"chat": [[30, 60], [3, 3]]}},
        "recovered": False,
        "events": [],
        "epoch": "9f1c2b3a",
        "seq": 12,
        "protocol": 1,
    },
)
class SessionReady(Event):
    """The socket is authenticated and in its user's room, which stands at `seq` of `epoch`.

    With `recovered`, `events` are all that was missed there since the place the client named.
    """

    server_time: str
    session_id: str
    token_expires_at: str | None
    limits: SessionLimits
    recovered: bool
    events: list[MissedEvent]
    epoch: str
    seq: int
    protocol: int = 1


@event(
    "session:expiring",
    to="the client, a minute before its access token runs out",
    delivery=Delivery.DURABLE,
    example={"ttl": 60},
)
class SessionExpiring(Event):
    """The access token runs out in `ttl` seconds, and the socket with it: send `auth:refresh`. Once a token."""

    ttl: int


@event(
    "session:closing",
    to="the client, before every server-side disconnect",
    delivery=Delivery.DURABLE,
    example={"code": 4000, "reason": "shutdown", "retryAfterMs": 1200},
)
class SessionClosing(Event):
    """Why the server is about to close, and when to come back (`null`: do not)."""

    code: int
    reason: str
    retry_after_ms: int | None


@event(
    "room:reset",
    to="members of the room",
    delivery=Delivery.DURABLE,
    example={"room": "stream:7", "epoch": "9f1c2b3a", "reason": "history_lost"},
)
class RoomReset(Event):
    """The room's history was lost: forget `seq` and take a snapshot by joining again."""

    room: str
    epoch: str
    reason: str


@event(
    "stream:lagging",
    to="a client that cannot keep up",
    delivery=Delivery.DURABLE,
    example={"dropped": 12},
)
class StreamLagging(Event):
    """How many volatile events the client missed because it read too slowly."""

    dropped: int


@event(
    "presence:changed",
    to="those who watch the user",
    delivery=Delivery.VOLATILE,
    example={"userId": "2", "state": "offline", "lastSeen": "2026-01-01T12:00:00.000Z"},
)
class PresenceChanged(Event):
    """A user is online, idle on all devices, or has gone."""

    user_id: str
    state: str
    last_seen: str | None
