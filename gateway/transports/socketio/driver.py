"""The ASGI side of Engine.IO: requests, bodies and websockets as python-engineio wants them."""

import asyncio
import logging
from typing import Any

from engineio.exceptions import EngineIOError

from gateway.inlet import message_of

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 5.0


async def translate(scope: dict[str, Any], receive: Any, send: Any) -> dict[str, Any]:
    """What python-engineio needs to know of a request. Its own translation keeps bodies in reference cycles."""
    if scope["type"] == "websocket":
        await receive()
    environ = {
        f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode("latin-1") for name, value in scope["headers"]
    }
    return {
        **environ,
        "REQUEST_METHOD": scope.get("method", "GET"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "asgi.receive": receive,
        "asgi.send": send,
        "asgi.scope": scope,
    }


async def read_body(receive: Any, limit: int) -> bytes:
    """The body of a request.

    Raises:
        EngineIOError: it is empty, larger than `limit` bytes, or the client left.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise EngineIOError("the client left")
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise EngineIOError("payload too large")
        if not event.get("more_body"):
            break
    if not size:
        raise EngineIOError("empty payload")
    return b"".join(parts)


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 400, or close a websocket before its handshake."""
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Bad Request"})


async def accept_and_close(receive: Any, send: Any) -> None:
    """Complete a websocket's handshake, then close it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})


class WebSocket:
    """The websocket of one ASGI scope, as Engine.IO's driver wants it.

    Attributes:
        closed: whether it is closed, by either side.
    """

    def __init__(self, handler: Any, server: object) -> None:
        self._handler = handler
        self.closed = False
        self.scope: dict[str, Any] = {}

    async def __call__(self, environ: dict[str, Any]) -> str:
        self._receive, self._send, self.scope = environ["asgi.receive"], environ["asgi.send"], environ["asgi.scope"]
        await self._send({"type": "websocket.accept"})
        await self._handler(self)
        return ""

    async def send(self, message: str | bytes) -> None:
        """Send one message."""
        if isinstance(message, str):
            await self._send({"type": "websocket.send", "text": message})
        else:
            await self._send({"type": "websocket.send", "bytes": message})

    async def wait(self) -> str | bytes | None:
        """The next message; `None` when the client has left."""
        message = message_of(await self._receive())
        self.closed = self.closed or message is None
        return message

    async def close(self) -> bool:
        """Close the websocket; harmless when it is closed. Returns whether the client could be told."""
        if self.closed:
            return True
        self.closed = True
        try:
            # A client that does not read would hold the close frame back for ever.
            await asyncio.wait_for(self._send({"type": "websocket.close"}), _CLOSE_SECONDS)
        except TimeoutError:
            return False
        except Exception as error:
            log.debug("a websocket was closed already: %s", type(error).__name__)
        return True
