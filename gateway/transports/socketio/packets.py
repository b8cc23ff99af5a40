"""Socket.IO packets, refused before anything of them is buffered when they break the specification."""

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


class SocketIOPacket(socketio_packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet that is refused before anything of it is buffered when it breaks the specification."""

    json = Json

    def decode(self, encoded_packet: str) -> int:
        if not isinstance(encoded_packet, str):
            raise ValueError("a binary message without a packet that announces it")
        attachments = int(super().decode(encoded_packet))
        kind, data = self.packet_type, self.data
        if attachments > settings.GATEWAY_MAX_ATTACHMENTS:
            raise ValueError("too many attachments")
        if attachments and kind not in (socketio_packet.BINARY_EVENT, socketio_packet.BINARY_ACK):
            raise ValueError("attachments on a packet that has none")
        if kind in (socketio_packet.EVENT, socketio_packet.BINARY_EVENT) and not _is_event(data):
            raise ValueError("an event is an array that starts with its name")
        if kind in (socketio_packet.ACK, socketio_packet.BINARY_ACK) and (
            not isinstance(data, list) or self.id is None
        ):
            raise ValueError("an acknowledgement is an array and has an id")
        if kind == socketio_packet.CONNECT and not (data is None or isinstance(data, dict)):
            raise ValueError("a CONNECT payload is an object")
        if kind == socketio_packet.DISCONNECT and data is not None:
            raise ValueError("a DISCONNECT has no payload")
        return attachments

    def add_attachment(self, attachment: object) -> bool:
        if not isinstance(attachment, bytes):
            raise ValueError("text where an attachment was announced")
        if sum(map(len, self.attachments)) + len(attachment) > settings.GATEWAY_MAX_FRAME_BYTES:
            raise ValueError("attachments too large")
        return bool(super().add_attachment(attachment))


def _is_event(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str)
