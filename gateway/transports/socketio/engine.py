"""Engine.IO 4 over python-engineio: timers instead of tasks, one bounded outlet a client, no stray packet."""

import asyncio
import logging
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs

import engineio
from engineio import packet as engine_packet
from engineio.async_socket import AsyncSocket
from engineio.exceptions import EngineIOError

from gateway.handoff import session_id
from gateway.outlet import Outlet
from gateway.transports.socketio.driver import WebSocket, accept_and_close, read_body, refuse, translate
from gateway.transports.socketio.packets import Json
from gateway.wire import Packet, Wire, polling_packet

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 5.0
_NOOP = Packet("6")
_PING = Packet("2")
_CLOSE = Packet("1")


class EngineSocket(AsyncSocket):  # type: ignore[misc]
    """An Engine.IO session whose way out is one bounded outlet, over polling, websocket and the upgrade."""

    connected: bool
    upgraded: bool
    closing: bool
    closed: bool

    def __init__(self, server: "EngineServer", sid: str) -> None:
        super().__init__(server, sid)
        self.outlet = Outlet(Wire.SOCKETIO)
        self.outlet.on_slow = self.cut
        self._heartbeat: asyncio.TimerHandle | None = None
        self._polling = False
        self._websocket: Any = None
        self._closer: asyncio.Task[None] | None = None

    # --- out --------------------------------------------------------------------------------------

    async def send(self, pkt: engine_packet.Packet) -> None:
        self.outlet.push(Packet(pkt.encode()))

    def cut(self) -> None:
        """Drop a client that does not read; it cannot be told anything."""
        self.outlet.abort()
        self.close_soon(self.server.reason.TRANSPORT_ERROR)

    def close_soon(self, reason: str | None = None) -> None:
        """Close after what was sent has gone out. Never waits."""
        if self._closer is None and not self.closed:
            self._closer = asyncio.ensure_future(self.close(reason=reason))

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        if self.closed or self.closing:
            return
        self.closing = True
        self._stop_heartbeat()
        await self.server._trigger_event(
            "disconnect", self.sid, reason or self.server.reason.SERVER_DISCONNECT, run_async=False
        )
        if not abort and self._websocket is None:
            if reason is None:
                # The stock JavaScript client acts on a close before it reads the goodbye it got with it.
                await self.outlet.taken(_CLOSE_SECONDS)
            self.outlet.push(_CLOSE)
            if reason is None:
                # The client may be between two polls: its next one is told why.
                await self.outlet.taken(_CLOSE_SECONDS)
            else:
                await asyncio.sleep(0)
        if self._websocket is not None:
            await self.outlet.flushed()
            self.outlet.seal()
            if not await self._websocket.close():
                self.outlet.abort()
        self.closed = True
        self.outlet.detach()
        self.server.forget(self)

    # --- heartbeat --------------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        self._stop_heartbeat()
        if not self.closing:
            self._heartbeat = asyncio.get_running_loop().call_later(self.server.ping_interval, self._ping)

    def _ping(self) -> None:
        self.outlet.push(_PING)
        self._heartbeat = asyncio.get_running_loop().call_later(self.server.ping_timeout, self._time_out)

    def _time_out(self) -> None:
        self.close_soon(self.server.reason.PING_TIMEOUT)

    def _stop_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            self._heartbeat = None

    # --- in ---------------------------------------------------------------------------------------

    async def take(self, encoded: str | bytes) -> None:
        """Take one encoded packet from the client.

        Raises:
            EngineIOError: it breaks the specification; the session must end.
        """
        if isinstance(encoded, bytes):
            await self._message(encoded)
            return
        kind, data = encoded[:1], encoded[1:]
        if kind == "4":
            await self._message(data)
        elif kind == "3":
            self.schedule_ping()
        elif kind == "1":
            self._end_poll()
            await self.close(wait=False, abort=True, reason=self.server.reason.CLIENT_DISCONNECT)
        else:
            raise EngineIOError("invalid packet")

    async def _message(self, data: str | bytes) -> None:
        await self.server._trigger_event("message", self.sid, data, run_async=False)

    async def handle_get_request(self, environ: dict[str, Any]) -> Any:
        if environ["asgi.scope"]["type"] == "websocket":
            return await self._upgrade_websocket(environ)
        if self.upgrading:
            return [_NOOP.payload]
        if self._polling:
            await self.close(wait=False, reason=self.server.reason.TRANSPORT_ERROR)
            raise EngineIOError("two polls at once")
        return await self.poll()

    async def poll(self) -> list[str]:
        self._polling = True
        try:
            items = await self.outlet.take(self.server.ping_interval + self.server.ping_timeout)
        finally:
            self._polling = False
        return [polling_packet(message) for item in items or [_NOOP] for message in item.messages(self.outlet.wire)]

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        try:
            packets = await self._payload(environ)
            for encoded in packets:
                await self.take(encoded)
        except (ValueError, EngineIOError) as error:
            # The server answers 400 and ends the session, which it must find alive to do so.
            if not self.closed:
                raise EngineIOError("invalid payload") from error

    async def _payload(self, environ: dict[str, Any]) -> list[str | bytes]:
        text = (await read_body(environ["asgi.receive"], self.server.max_http_buffer_size)).decode()
        return [b64decode(part[1:], validate=True) if part[:1] == "b" else part for part in text.split("\x1e")]

    def _end_poll(self) -> None:
        if self._polling:
            self.outlet.push(_NOOP)

    # --- websocket --------------------------------------------------------------------------------

    async def _websocket_handler(self, ws: Any) -> None:
        if self.connected and not await self._probe(ws):
            await ws.close()
            return
        self.connected = self.upgraded = True
        self._websocket = ws
        raw = ws.scope.get("extensions", {}).get("gateway.raw")
        if raw is None:
            self.outlet.attach_send(ws.send)
            await self._read(ws)
        else:
            # No task waits for the next message: the server calls.
            self.outlet.attach_raw(raw)
            raw.take_over(self._hear)

    async def _probe(self, ws: Any) -> bool:
        try:
            async with asyncio.timeout(self.server.ping_interval + self.server.ping_timeout):
                if await ws.wait() != "2probe":
                    return False
                self.upgrading = True
                await ws.send("3probe")
                self._end_poll()
                return await ws.wait() == "5" and not self.closing
        except OSError:
            return False
        finally:
            self.upgrading = False

    async def _read(self, ws: Any) -> None:
        try:
            # No name keeps a message while the next one is waited for: it may be large.
            while not (self.closed or ws.closed):
                await self._hear(await ws.wait())
        finally:
            await self._hear(None)
            await ws.close()

    async def _hear(self, message: str | bytes | None) -> None:
        """Take what came over the websocket; `None` when the client is gone."""
        if message is None:
            await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            return
        try:
            if len(message) > self.server.max_http_buffer_size:
                raise ValueError("packet too large")
            if not self.closed:
                await self.take(message)
        except (ValueError, EngineIOError) as error:
            log.warning("closed a websocket after a bad packet: %s", error)
            await self.close(wait=False, reason=self.server.reason.TRANSPORT_ERROR)
        except Exception:
            # Nobody awaits this where the server calls: without an end, the client would wait for its next ping.
            log.exception("a message could not be taken")
            await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """An Engine.IO 4 server that keeps to the specification."""

    _async: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        super().__init__(async_mode="asgi", monitor_clients=False, http_compression=False, **options)
        self._async = {**self._async, "translate_request": translate, "websocket": WebSocket}
        self.logger = logging.getLogger("gateway.engineio")
        self.logger.setLevel(logging.CRITICAL)

    def generate_id(self) -> str:
        """A new session id, which tells the worker that holds the session."""
        return session_id(super().generate_id())

    def create_queue(self, *args: Any, **kwargs: Any) -> None:
        """No queue: a session's outlet holds what waits."""

    def forget(self, socket: EngineSocket) -> None:
        """A session has ended."""
        self.sockets.pop(socket.sid, None)

    async def handle_request(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        sid = query.get("sid", [""])[0]
        valid = query.get("EIO") == ["4"] and query.get("transport") in (["polling"], ["websocket"])
        if scope["type"] == "websocket":
            socket = self.sockets.get(sid)
            if socket is not None and (socket.upgraded or socket.upgrading):
                await accept_and_close(receive, send)
                return
        if not valid or (scope["type"] == "http" and scope["method"] not in ("GET", "POST", "OPTIONS")):
            await refuse(scope, receive, send)
            return
        await super().handle_request(scope, receive, send)

    async def _handle_connect(self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None) -> Any:
        socket = EngineSocket(self, self.generate_id())
        self.sockets[socket.sid] = socket
        refused = await self._trigger_event("connect", socket.sid, environ, run_async=False)
        if refused is not None:
            self.forget(socket)
            return self._bad_request(refused)
        opening = {
            "sid": socket.sid,
            "upgrades": self._upgrades(socket.sid, transport),
            "pingInterval": round(self.ping_interval * 1000),
            "pingTimeout": round(self.ping_timeout * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        socket.outlet.push(Packet("0" + Json.dumps(opening)))
        socket.schedule_ping()
        if transport == "websocket":
            return await socket.handle_get_request(environ)
        socket.connected = True
        return self._ok(await socket.poll())

    def _ok(self, packets: Any = None, headers: Any = None, jsonp_index: int | None = None) -> dict[str, Any]:
        body = "ok" if packets is None else "\x1e".join(packets)
        return {
            "status": "200 OK",
            "headers": [("Content-Type", "text/plain; charset=UTF-8"), ("Cache-Control", "no-store")],
            "response": body.encode(),
        }
