"""The bytes of each wire: one JSON body, framed once for each way clients are spoken to.

Frames follow RFC 6455 (server to client, unmasked, unfragmented), Engine.IO 4 (`4` is a message) and
Socket.IO 5 (`2` is an event).
"""

import base64
from enum import IntEnum

from gateway.events import Delivery
from gateway.metrics import counters

_TEXT = 0x81
_BINARY = 0x82


class Wire(IntEnum):
    """How a client is spoken to."""

    SOCKETIO = 0
    WEBSOCKET = 1
    # Socket.IO with connection state recovery: events with a history end with their offset.
    RECOVERABLE = 2

    @property
    def is_socketio(self) -> bool:
        return self is not Wire.WEBSOCKET


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
        """The websocket message: text, or bytes for a binary attachment."""
        return self.payload

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
        self._messages: list[str | None] = [None] * len(Wire)
        self._frames: list[bytes | None] = [None] * len(Wire)

    @property
    def size(self) -> int:
        return len(self.body)

    def message(self, wire: Wire) -> str:
        """The websocket message of this event."""
        wire = self._spoken(wire)
        message = self._messages[wire]
        if message is None:
            message = self._messages[wire] = self._compose(wire)
        return message

    def frame(self, wire: Wire) -> bytes:
        """The websocket message with its frame around it."""
        wire = self._spoken(wire)
        frame = self._frames[wire]
        if frame is None:
            frame = self._frames[wire] = websocket_frame(self.message(wire))
            counters.frames_built += 1
        return frame

    def _spoken(self, wire: Wire) -> Wire:
        # What has no place in a history has no offset, and sounds the same on both.
        return Wire.SOCKETIO if wire is Wire.RECOVERABLE and not self.seq else wire

    def _compose(self, wire: Wire) -> str:
        if wire is Wire.SOCKETIO:
            return f'42["{self.name}",{self.body}]'
        if wire is Wire.RECOVERABLE:
            return f'42["{self.name}",{self.body},"{self.epoch}.{self.seq}"]'
        return f'{{"event":"{self.name}","data":{self.body}}}'


def polling_packet(payload: str | bytes) -> str:
    """One Engine.IO packet as it stands in an HTTP long-polling payload."""
    if isinstance(payload, bytes):
        return "b" + base64.b64encode(payload).decode()
    return payload
