"""WebSockets of other protocols: stock clients that know binary messages of their own, and one room each.

An app says what those messages mean in commands of ours (`BinaryProtocol`); they go through the same dispatch
as everybody's. Out go the events that have a form in such a protocol (`gateway.events.RAW`), and nothing else.
"""

import logging
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import msgspec
from django.conf import settings
from django.http import parse_cookie
from redis.exceptions import RedisError

from gateway.database import in_database
from gateway.errors import PROTOCOL_VIOLATION, REFUSED, STATE_LOST, CloseCode, CommandError, ErrorCode, final_close_code
from gateway.idempotency import Answer
from gateway.identity import Identity, identify
from gateway.outlet import Outlet
from gateway.transports.address import header, is_own_origin
from gateway.transports.session import ClientConnection, admit, welcome
from gateway.transports.websocket import GatewayConsumer, identify_browser
from gateway.wire import Packet, Wire

log = logging.getLogger(__name__)

_ENTERING = "entering"
# Offered beside the protocol's own name by clients that can send no header: `bearer.` and the token.
_BEARER = "bearer."
# A client that is told one of these is not closed: what it sent has changed nothing, and it may go on reading.
_BEARABLE = frozenset({ErrorCode.ACCESS_DENIED, ErrorCode.INVALID_STATE})
# After these it comes back and says all that is missing here, as it repeats nothing by itself.
_RETRYABLE = frozenset({ErrorCode.CONFLICT, ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE, ErrorCode.INTERNAL})


class BinaryProtocol(ABC):
    """What the messages of a foreign protocol mean.

    Attributes:
        name: the WebSocket subprotocol to agree on with a client that offers it.
    """

    name: ClassVar[str]

    @abstractmethod
    def entering(self, key: str) -> tuple[str, dict[str, Any]]:
        """The command, its name and payload, that lets a client into the room its address names by `key`."""

    @abstractmethod
    def command(self, key: str, frame: bytes) -> tuple[str, dict[str, Any]] | None:
        """The command a message stands for; `None` for one that needs no answer.

        Raises:
            ValueError: it is no message of the protocol.
        """

    @abstractmethod
    def refusal(self, error: str) -> bytes:
        """The message that tells a client why what it sent was refused; `error` is the error's JSON."""


class BinaryConnection(ClientConnection):
    """A client of a foreign protocol."""

    __slots__ = ("_consumer",)

    def __init__(self, consumer: "BinaryConsumer", identity: Identity) -> None:
        super().__init__(consumer.outlet, consumer.address, identity)
        self._consumer = consumer

    def answer(self, reference: object, answer: Answer) -> None:
        if answer.ok:
            return
        self.deliver(Packet(self._consumer.protocol.refusal(answer.body)))
        code = msgspec.json.decode(answer.body)["code"]
        if code in _RETRYABLE:
            self.close(STATE_LOST, code)
        elif reference == _ENTERING:
            self.close(REFUSED, code)
        elif code not in _BEARABLE:
            self.close(PROTOCOL_VIOLATION, code)

    def _close(self, code: CloseCode, reason: str) -> None:
        self.end(code, lambda: self._consumer.close_soon(code, reason))


class BinaryConsumer(GatewayConsumer):
    """One WebSocket of a foreign protocol, in the room its address names.

    The token comes with the handshake: in the `Authorization` header, as the subprotocol `bearer.<token>`
    beside the protocol's own name, or a browser of our own origin has its Django session.
    """

    def __init__(self, protocol: BinaryProtocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.outlet = Outlet(Wire.BINARY, settings.GATEWAY_MAX_BINARY_BUFFER_BYTES)
        self.outlet.on_slow = self.outlet.abort

    @property
    def _key(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["key"])

    def _acceptance(self) -> dict[str, Any]:
        offered = self.protocol.name in self.scope["subprotocols"]
        return {"type": "websocket.accept", "subprotocol": self.protocol.name if offered else None}

    async def _greet(self) -> None:
        try:
            identity = await in_database(self._identify)
            connection = BinaryConnection(self, identity)
            await admit(connection)
        except CommandError as error:
            self.outlet.push(Packet(self.protocol.refusal(msgspec.json.encode(error.body("auth")).decode())))
            self._refuse(error)
            return
        except (RedisError, OSError):
            self._refuse(CommandError(ErrorCode.UNAVAILABLE))
            return
        self._stop_waiting()
        self.connection = connection
        await welcome(connection)
        await connection.submit(*self.protocol.entering(self._key), _ENTERING)

    def _identify(self) -> Identity:
        token = header(self.scope, b"authorization") or next(
            (name.removeprefix(_BEARER) for name in self.scope["subprotocols"] if name.startswith(_BEARER)), ""
        )
        cookie = parse_cookie(header(self.scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
        if not token and cookie and is_own_origin(self.scope):
            return identify_browser(cookie)
        return identify(token)

    async def _take(self, message: dict[str, Any]) -> None:
        connection = self.connection
        if connection is None or connection.closing:
            return
        try:
            command = self.protocol.command(self._key, message.get("bytes") or b"")
        except ValueError as error:
            refused = CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error}")
            body = msgspec.json.encode(refused.body("")).decode()
            connection.answer("", Answer(ok=False, body=body, status=refused.status))
            return
        if command is not None:
            await connection.submit(*command, "")

    async def _send(self, message: str | bytes) -> None:
        await self.send({"type": "websocket.send", "bytes": message})

    def close_soon(self, code: CloseCode, reason: str) -> None:
        """Close; codes that ask not to come back are told in these clients' own range for that."""
        super().close_soon(code if code.may_reconnect else final_close_code(code), reason)
