"""The Socket.IO bridge: python-socketio, made to keep the specification, and the gateway behind it.

`Bridge` is protocol alone: Socket.IO 5 as its specification says. `GatewayBridge` lets clients in by their
token, hands their events to `dispatch` and acknowledges with its answers.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import socketio
from django.conf import settings
from redis.exceptions import RedisError
from socketio import packet as socketio_packet

from gateway.database import in_database
from gateway.errors import ERRORS, PROTOCOL_VIOLATION, STATE_LOST, CloseCode, CommandError, ErrorCode
from gateway.idempotency import Answer
from gateway.identity import Identity, identify
from gateway.recovery import Recovery, keep, new_pid, recover
from gateway.resuming import since_of
from gateway.runtime import runtime
from gateway.transports.address import client_address, header, is_welcome_origin
from gateway.transports.session import (
    ClientConnection,
    admit,
    authenticated,
    close_session,
    knock,
    unauthenticated,
    welcome,
)
from gateway.transports.socketio.engine import EngineServer, EngineSocket
from gateway.transports.socketio.manager import SessionManager
from gateway.transports.socketio.packets import SocketIOPacket
from gateway.wire import Packet, Wire

log = logging.getLogger(__name__)


class Bridge(socketio.AsyncServer):  # type: ignore[misc]
    """A Socket.IO 5 server that keeps to the specification.

    Args:
        connect_timeout: seconds within which a client must connect to a namespace.
        options: those of `socketio.AsyncServer` and `engineio.AsyncServer`; intervals in seconds.
    """

    def __init__(self, *, connect_timeout: float, **options: Any) -> None:
        super().__init__(
            client_manager=SessionManager(), serializer=SocketIOPacket, async_handlers=False,
            cors_credentials=False, **{"cors_allowed_origins": "*", **options},
        )  # fmt: skip
        self._connect_timeout = connect_timeout
        self._deadlines: dict[str, asyncio.TimerHandle] = {}

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def socket(self, eio_sid: str) -> EngineSocket | None:
        """The Engine.IO session with this id, while it lives."""
        return self.eio.sockets.get(eio_sid)  # type: ignore[no-any-return]

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> str | None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._await_connect(eio_sid)
        return None

    def _await_connect(self, eio_sid: str) -> None:
        loop = asyncio.get_running_loop()
        self._deadlines[eio_sid] = loop.call_later(self._connect_timeout, self._give_up, eio_sid)

    def _give_up(self, eio_sid: str) -> None:
        self._deadlines.pop(eio_sid, None)
        socket = self.socket(eio_sid)
        if socket is not None:
            socket.close_soon()

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        try:
            await super()._handle_eio_message(eio_sid, data)
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
            # The packet's content is kept out of the log.
            log.warning("closed a Socket.IO client after a malformed packet: %s", type(error).__name__)
            self._binary_packet.pop(eio_sid, None)
            self.on_violation(eio_sid)

    def on_violation(self, eio_sid: str) -> None:
        """A client broke the protocol: end its session."""
        socket = self.socket(eio_sid)
        if socket is not None:
            socket.close_soon()

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        name = namespace or "/"
        if name not in self.namespaces:
            refusal = SocketIOPacket(socketio_packet.CONNECT_ERROR, {"message": "Invalid namespace"}, namespace=name)
            await self._send_packet(eio_sid, refusal)
            return
        if self.manager.sid_from_eio_sid(eio_sid, name) is not None:
            raise ValueError("connected to the namespace already")
        await super()._handle_connect(eio_sid, name, data)
        sid = self.manager.sid_from_eio_sid(eio_sid, name)
        deadline = self._deadlines.pop(eio_sid, None) if sid is not None else None
        if deadline is not None:
            deadline.cancel()

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: list[Any]) -> None:
        self._require_connected(eio_sid, namespace)
        await super()._handle_event(eio_sid, namespace, id, data)

    async def _handle_ack(self, eio_sid: str, namespace: str | None, id: int, data: list[Any]) -> None:
        self._require_connected(eio_sid, namespace)
        await super()._handle_ack(eio_sid, namespace, id, data)

    def _require_connected(self, eio_sid: str, namespace: str | None) -> None:
        if self.manager.sid_from_eio_sid(eio_sid, namespace or "/") is None:
            raise ValueError("a packet before CONNECT")

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        if self.manager.sid_from_eio_sid(eio_sid, namespace or "/") is None:
            return
        await super()._handle_disconnect(eio_sid, namespace, reason)
        socket = self.socket(eio_sid)
        if socket is not None and not socket.closing and not self.manager.is_anywhere(eio_sid):
            self._left_all(eio_sid)

    def _left_all(self, eio_sid: str) -> None:
        """A client is in no namespace any more: it may enter one again, in as much time as a new one has."""
        self._await_connect(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        deadline = self._deadlines.pop(eio_sid, None)
        if deadline is not None:
            deadline.cancel()
        await super()._handle_eio_disconnect(eio_sid, reason)


class SocketIOConnection(ClientConnection):
    """A client that speaks Socket.IO.

    Attributes:
        pid: the name of the state that is kept when it is lost; empty when it did not ask for that.
        is_lasting: whether it may come back to that state, because nobody ended its session.
    """

    __slots__ = ("_socket", "is_lasting", "pid")

    def __init__(self, socket: EngineSocket, address: str, identity: Identity) -> None:
        super().__init__(socket.outlet, address, identity)
        self._socket = socket
        self.pid = new_pid() if self.trail is not None else ""
        self.is_lasting = False

    def answer(self, reference: object, answer: Answer) -> None:
        if reference is not None:
            name = "data" if answer.ok else "error"
            ok = "true" if answer.ok else "false"
            self.deliver(Packet(f'43{reference}[{{"ok":{ok},"{name}":{answer.body}}}]'))
        elif not answer.ok:
            self.deliver(Packet(f'42["error",{answer.body}]'))

    def tell_closing(self, code: CloseCode, reason: str, retry_after_ms: int | None = None) -> bool:
        self.is_lasting = self.is_lasting and code.may_reconnect
        return super().tell_closing(code, reason, retry_after_ms)

    def _close(self, code: CloseCode, reason: str) -> None:
        if not code.may_reconnect:
            # Stock clients come back after a lost transport, but not after a DISCONNECT.
            self.deliver(Packet("41"))
        self.end(code, self._socket.close_soon)


class GatewayBridge(Bridge):
    """The bridge with the gateway behind its main namespace."""

    def __init__(self) -> None:
        super().__init__(
            connect_timeout=settings.GATEWAY_AUTHENTICATION_SECONDS,
            ping_interval=settings.GATEWAY_PING_INTERVAL_SECONDS,
            ping_timeout=settings.GATEWAY_PING_TIMEOUT_SECONDS,
            max_http_buffer_size=settings.GATEWAY_MAX_FRAME_BYTES,
            cors_allowed_origins=lambda origin, environ: is_welcome_origin(environ["asgi.scope"]),
        )
        self._connections: dict[str, SocketIOConnection] = {}
        self._waiting: dict[str, tuple[str, Callable[[], None]]] = {}
        self._recoveries: dict[str, Recovery] = {}
        self.on("connect", self._authenticate)
        self.on("disconnect", self._gone)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> str | None:
        address = client_address(environ["asgi.scope"])
        try:
            await runtime.ensure_started()
            await knock(address)
        except CommandError as error:
            return error.message
        except (RedisError, OSError):
            return ERRORS[ErrorCode.UNAVAILABLE].message
        # Kept as long as the session: its request is not.
        visitor = {"address": address, "authorization": header(environ["asgi.scope"], b"authorization")}
        return await super()._handle_eio_connect(eio_sid, visitor)

    def _await_connect(self, eio_sid: str) -> None:
        super()._await_connect(eio_sid)
        close = self.eio.sockets[eio_sid].close_soon
        self._waiting[eio_sid] = self.environ[eio_sid]["address"], close
        runtime.waiting.add(close)

    def _left_all(self, eio_sid: str) -> None:
        unauthenticated(self.environ[eio_sid]["address"])
        super()._left_all(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._stop_waiting(eio_sid)
        self._tell_end(eio_sid, reason)
        self._keep(eio_sid)
        self._forget(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    def _tell_end(self, eio_sid: str, reason: str) -> None:
        """Say why, when it is Engine.IO that ends a session: what is sent now still goes out where it can."""
        connection = self._connections.get(eio_sid)
        if connection is None:
            return
        if reason == self.eio.reason.PING_TIMEOUT:
            connection.tell_closing(STATE_LOST, "ping_timeout", retry_after_ms=0)
        elif reason == self.eio.reason.TRANSPORT_ERROR:
            connection.tell_violation()

    def _stop_waiting(self, eio_sid: str) -> None:
        waiting = self._waiting.pop(eio_sid, None)
        if waiting is not None:
            address, close = waiting
            runtime.waiting.discard(close)
            authenticated(address)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        await super()._handle_connect(eio_sid, namespace, data)
        connection = self._connections.get(eio_sid)
        if connection is not None:
            await welcome(connection, self._recoveries.pop(eio_sid, None), since_of(data))
            # What is lost before it is back in all its rooms is not kept.
            connection.is_lasting = not connection.closing

    async def _send_packet(self, eio_sid: str, pkt: SocketIOPacket) -> None:
        connection = self._connections.get(eio_sid)
        if pkt.packet_type == socketio_packet.CONNECT and (pkt.namespace or "/") == "/" and connection is not None:
            sid = self.manager.sid_from_eio_sid(eio_sid, "/")
            pkt.data = {"sid": sid, "pid": connection.pid} if connection.pid else {"sid": sid}
        await super()._send_packet(eio_sid, pkt)

    async def _authenticate(self, sid: str, visitor: dict[str, str], payload: dict[str, Any] | None = None) -> None:
        token = (payload or {}).get("token") or visitor["authorization"]
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        try:
            identity = await in_database(identify, token)
            socket = self.socket(eio_sid)
            if socket is None:
                raise CommandError(ErrorCode.UNAVAILABLE)
            asked = (payload or {}).get("recovery") is True
            socket.outlet.wire = Wire.RECOVERABLE if asked else Wire.SOCKETIO
            connection = SocketIOConnection(socket, visitor["address"], identity)
            await admit(connection)
        except CommandError as error:
            raise refused(error) from error
        self._stop_waiting(eio_sid)
        if socket.closing:
            # The client left while it was let in, and its end has been told already.
            close_session(connection)
            raise refused(CommandError(ErrorCode.UNAVAILABLE))
        self._connections[eio_sid] = connection
        if asked and payload is not None:
            await self._recover(eio_sid, sid, payload)

    async def _recover(self, eio_sid: str, sid: str, payload: dict[str, Any]) -> None:
        """Begin to give a client that comes back its former state, when it is still kept."""
        connection, pid, offset = self._connections[eio_sid], payload.get("pid"), payload.get("offset")
        if not isinstance(pid, str) or not isinstance(offset, str | None):
            return
        recovery = await recover(connection, pid, offset)
        if recovery is None:
            return
        if eio_sid not in self._connections or not self.manager.rename(sid, recovery.sid, "/"):
            await recovery.give_up()
            return
        connection.pid = pid
        self._recoveries[eio_sid] = recovery

    def _keep(self, eio_sid: str) -> None:
        connection, sid = self._connections.get(eio_sid), self.manager.sid_from_eio_sid(eio_sid, "/")
        if connection is not None and connection.is_lasting and sid is not None:
            keep(connection, connection.pid, sid)

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: list[Any]) -> None:
        self._require_connected(eio_sid, namespace)
        connection = self._connections.get(eio_sid)
        if connection is None:
            raise ValueError("a packet before CONNECT")
        await connection.submit(data[0], data[1] if len(data) > 1 else {}, id)

    async def _gone(self, sid: str, reason: str) -> None:
        self._forget(self.manager.eio_sid_from_sid(sid, "/"))

    def _forget(self, eio_sid: str) -> None:
        connection = self._connections.pop(eio_sid, None)
        if connection is not None:
            close_session(connection)

    def on_violation(self, eio_sid: str) -> None:
        connection = self._connections.get(eio_sid)
        if connection is not None:
            connection.close(PROTOCOL_VIOLATION, "protocol_violation")
        else:
            super().on_violation(eio_sid)


def refused(error: CommandError) -> socketio.exceptions.ConnectionRefusedError:
    """The CONNECT_ERROR that tells `error`."""
    data: dict[str, object] = {"code": error.code, "retry": error.status >= 429}
    if error.retry_after is not None:
        data["retryAfter"] = error.retry_after
    if error.code is ErrorCode.CONNECTION_LIMIT:
        data["detail"] = "connection limit reached for this user"
    return socketio.exceptions.ConnectionRefusedError(error.message, data)
