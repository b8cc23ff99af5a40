"""The bytes of each wire: one JSON body, framed once for each way clients are spoken to.

Frames follow RFC 6455 (server to client, unmasked, unfragmented), Engine.IO 4 (`4` is a message) and
Socket.IO 5 (`2` is an event).
"""

import base64
from enum import IntEnum

from gateway.events import RAW, Delivery
from gateway.metrics import counters

_TEXT = 0x81
_BINARY = 0x82


class Wire(IntEnum):
    """How a client is spoken to."""

    SOCKETIO = 0
    WEBSOCKET = 1
    # Socket.IO with connection state recovery: events with a history end with their offset.
    RECOVERABLE = 2
    # Only the bytes of events that have some, as binary messages in those events' own words.
    BINARY = 3

    @property
    def is_socketio(self) -> bool:
        return self in (Wire.SOCKETIO, Wire.RECOVERABLE)


# The wires every event is told on.
TALKING = (Wire.SOCKETIO, Wire.WEBSOCKET, Wire.RECOVERABLE)


def websocket_frame(payload: str | bytes) -> bytes:
    """One complete server frame of RFC 6455 that carries `payload`."""
    opcode = _BINARY
    if isinstance(payload, str):
        opcode = _TEXT
        payload = payload.encode()
    size = len(payload)
    if size < 126:
        head = bytes((opcode, size))
    elif size < 65536:
        head = bytes((opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


class Packet:
    """One message to one client in its wire's own words, such as an acknowledgement or a heartbeat."""

    __slots__ = ("payload",)

    name = ""
    room = ""
    delivery = Delivery.DURABLE

    def __init__(self, payload: str | bytes) -> None:
        self.payload = payload

    @property
    def size(self) -> int:
        return len(self.payload)

    def message(self, wire: Wire) -> str | bytes:
        """The websocket message."""
        return self.payload

    def messages(self, wire: Wire) -> tuple[str | bytes, ...]:
        """The one websocket message: text, or bytes for a binary attachment."""
        return (self.payload,)

    def frame(self, wire: Wire) -> bytes:
        """The websocket message with its frame around it."""
        return websocket_frame(self.payload)


class Broadcast:
    """An event on its way to many clients; each wire's message and frame is built once, when first asked for.

    Args:
        name: the event's name.
        body: its finished JSON.
        delivery: what may happen to it when a client cannot keep up.
        seq: its number in its room's history, or 0.
        epoch: the life of the history that number belongs to, or an empty string.
        room: the wire name of its room; empty for what is for one client alone.
        skip: the id of a connection that is not to hear it.
    """

    __slots__ = ("_frames", "_messages", "body", "delivery", "epoch", "name", "room", "seq", "skip")

    def __init__(
        self, name: str, body: str, delivery: Delivery, *, seq: int = 0, epoch: str = "", room: str = "", skip: str = ""
    ) -> None:
        self.name = name
        self.body = body
        self.delivery = delivery
        self.seq = seq
        self.epoch = epoch
        self.room = room
        self.skip = skip
        self._messages: list[tuple[str | bytes, ...] | None] = [None] * len(Wire)
        self._frames: list[bytes | None] = [None] * len(Wire)

    @property
    def size(self) -> int:
        return len(self.body)

    def message(self, wire: Wire) -> str:
        """The websocket message of this event, the first one when its bytes follow in another."""
        return str(self.messages(wire)[0])

    def messages(self, wire: Wire) -> tuple[str | bytes, ...]:
        """The websocket messages of this event: mostly one; none on a wire that has no words for it."""
        wire = self._spoken(wire)
        messages = self._messages[wire]
        if messages is None:
            messages = self._messages[wire] = self._compose(wire)
        return messages

    def frame(self, wire: Wire) -> bytes:
        """The websocket messages with their frames around them, to be written at once."""
        wire = self._spoken(wire)
        frame = self._frames[wire]
        if frame is None:
            frame = self._frames[wire] = b"".join(map(websocket_frame, self.messages(wire)))
            counters.frames_built += 1
        return frame

    def _spoken(self, wire: Wire) -> Wire:
        # What has no place in a history has no offset, and sounds the same on both.
        return Wire.SOCKETIO if wire is Wire.RECOVERABLE and not self.seq else wire

    def _compose(self, wire: Wire) -> tuple[str | bytes, ...]:
        raw = RAW.get(self.name)
        if wire is Wire.BINARY:
            return (raw(self._split()[2]),) if raw is not None else ()
        if wire is Wire.WEBSOCKET:
            return (f'{{"event":"{self.name}","data":{self.body}}}',)
        offset = f',"{self.epoch}.{self.seq}"' if wire is Wire.RECOVERABLE else ""
        if raw is None:
            return (f'42["{self.name}",{self.body}{offset}]',)
        before, after, data = self._split()
        placeholder = '{"_placeholder":true,"num":0}'
        return f'451-["{self.name}",{before}{placeholder}{after}{offset}]', data

    def _split(self) -> tuple[str, str, bytes]:
        """The JSON before and after its first value, which is base64, and what that stands for."""
        start = self.body.index(':"') + 1
        end = self.body.index('"', start + 1)
        return self.body[:start], self.body[end + 1 :], base64.b64decode(self.body[start + 1 : end])


def polling_packet(payload: str | bytes) -> str:
    """One Engine.IO packet as it stands in an HTTP long-polling payload."""
    if isinstance(payload, bytes):
        return "b" + base64.b64encode(payload).decode()
    return payload
