"""Socket.IO packets, refused before anything of them is buffered when they break the specification."""

from collections.abc import Iterator

import msgspec
from django.conf import settings
from socketio import packet as socketio_packet

from gateway.json_limits import loads


class Json:
    """The JSON module of both libraries."""

    loads = staticmethod(loads)

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        return msgspec.json.encode(value).decode()


# Names the specification keeps for the libraries themselves.
_RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})
_EVENTS = (socketio_packet.EVENT, socketio_packet.BINARY_EVENT)
_ACKS = (socketio_packet.ACK, socketio_packet.BINARY_ACK)
_BINARY = (socketio_packet.BINARY_EVENT, socketio_packet.BINARY_ACK)


class SocketIOPacket(socketio_packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet that is refused before anything of it is buffered when it breaks the specification."""

    json = Json

    def decode(self, encoded_packet: str) -> int:
        if not isinstance(encoded_packet, str):
            raise ValueError("a binary message without a packet that announces it")
        if len(encoded_packet) > settings.GATEWAY_MAX_FRAME_BYTES:
            raise ValueError("packet too large")
        attachments = int(super().decode(encoded_packet))
        self._require_payload()
        self._require_attachments(attachments)
        return attachments

    def add_attachment(self, attachment: object) -> bool:
        if not isinstance(attachment, bytes):
            raise ValueError("text where an attachment was announced")
        if sum(map(len, self.attachments)) + len(attachment) > settings.GATEWAY_MAX_FRAME_BYTES:
            raise ValueError("attachments too large")
        return bool(super().add_attachment(attachment))

    def _require_payload(self) -> None:
        kind, data = self.packet_type, self.data
        if kind in _EVENTS and not _is_event(data):
            raise ValueError("an event is an array that starts with a name")
        if kind in _ACKS and (not isinstance(data, list) or self.id is None):
            raise ValueError("an acknowledgement is an array and has an id")
        if kind == socketio_packet.CONNECT and not (data is None or isinstance(data, dict)):
            raise ValueError("a CONNECT payload is an object")
        if kind == socketio_packet.DISCONNECT and data is not None:
            raise ValueError("a DISCONNECT has no payload")

    def _require_attachments(self, count: int) -> None:
        if count > settings.GATEWAY_MAX_ATTACHMENTS:
            raise ValueError("too many attachments")
        if (count > 0) != (self.packet_type in _BINARY):
            raise ValueError("attachments belong to binary packets, and to them alone")
        if count and sorted(_placeholders(self.data)) != list(range(count)):
            raise ValueError("placeholders and attachments do not match")


def _is_event(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in _RESERVED


def _placeholders(data: object) -> Iterator[int]:
    if isinstance(data, list):
        for item in data:
            yield from _placeholders(item)
    elif isinstance(data, dict) and data.get("_placeholder"):
        number = data.get("num")
        yield number if type(number) is int else -1
    elif isinstance(data, dict):
        for item in data.values():
            yield from _placeholders(item)
