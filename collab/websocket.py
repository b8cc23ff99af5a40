"""y-websocket's protocol at `/ws/collab/<id>`: what its frames mean in our commands."""

from typing import Any

from collab.yjs.messages import Frame, denial_frame, read_frame
from gateway.transports.binary import BinaryProtocol


class YWebSocket(BinaryProtocol):
    """What a stock `y-websocket` provider says."""

    name = "yjs"

    def entering(self, key: str) -> tuple[str, dict[str, Any]]:
        return "collab:join", {"sessionId": key}

    def command(self, key: str, frame: bytes) -> tuple[str, dict[str, Any]] | None:
        kind, message = read_frame(frame)
        if kind is Frame.SYNC:
            return "collab:sync", {"sessionId": key, "message": message}
        if kind is Frame.AWARENESS:
            return "collab:awareness", {"sessionId": key, "message": message}
        # Whoever comes in is told of the others anyway; nobody is to be refused by a client.
        return None

    def refusal(self, error: str) -> bytes:
        return denial_frame(error)
