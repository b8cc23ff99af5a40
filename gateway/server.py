"""uvicorn with a way round ASGI: the hub writes finished frames straight to a client's transport.

The websocket protocol class puts itself into the ASGI scope under `extensions["gateway.raw"]`. The
application accepts and closes through ASGI; broadcasts go round it, and so may what the client sends: a transport
that takes it over needs no task that waits for the next message. The application behaves the same, though slower and
larger, on a server without the extension.
"""

import asyncio
import gc
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from gateway import handoff
from gateway.inlet import Inlet, Take
from gateway.outlet import Outlet

EXTENSION = "gateway.raw"
_HEADER_SECONDS = 10.0
_BODY_SECONDS = 20.0
_PONG_BYTES = 1024 * 1024
_SHUTDOWN_SECONDS = 20


class GatewayWebSocketProtocol(WebSocketsSansIOProtocol):
    """A websocket whose transport the hub may write to; implements `gateway.outlet.RawSocket`."""

    outlet: Outlet | None = None

    def take_over(self, take: Take) -> None:
        """Call `take` with each message the client sends from now on, and with `None` when it is gone.

        One call is awaited before the next, what ASGI was not asked for yet comes first, and the client is read from
        only when nothing waits. The application may return: nothing of the handshake is kept.
        """
        waiting, inlet = self.queue, Inlet(take, self._read_on)
        self.queue = inlet  # type: ignore[assignment]
        while not waiting.empty():
            inlet.put_nowait(waiting.get_nowait())
        del self.request, self.response, self.scope

    async def run_asgi(self) -> None:
        """Run the application, and close when it returns, as uvicorn does: unless the client was taken over."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            self.logger.debug("a client left while it was written to")
        except BaseException:
            self.logger.exception("Exception in ASGI application")
            self.send_500_response()
        else:
            if isinstance(self.queue, Inlet):
                return
            self.send_500_response()
        if self.close_timer is None:
            self.transport.close()

    def _read_on(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def raw_write(self, data: bytes) -> None:
        """Write finished frames. Never waits and never raises."""
        self.transport.write(data)

    def buffered(self) -> int:
        """Bytes the transport holds for a client that has not read them yet."""
        return self.transport.get_write_buffer_size()

    def abort(self) -> None:
        """Cut the connection at once."""
        self.transport.abort()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            # The ASGI task has not run yet, so it finds the extension in its scope.
            self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment]
            self.raw_write = self.transport.write  # type: ignore[method-assign]
            self._limit_messages(event.path)

    def _limit_messages(self, path: str) -> None:
        # Imported late: a worker unpickles this module before Django is set up.
        from django.conf import settings

        for prefix, size in settings.GATEWAY_MAX_FRAME_BYTES_UNDER.items():
            if path.startswith(prefix):
                self.conn.max_message_size = size

    def handle_cont(self, event: Frame) -> None:
        # Empty fragments would each be kept until the message ends, which need never be.
        if event.data or event.fin:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self.buffered() > _PONG_BYTES:
            # It pings and does not read the answers, which nothing else bounds.
            self.abort()
        else:
            super().handle_ping()

    def handle_parser_exception(self) -> None:
        if self.outlet is not None:
            self.outlet.on_violation()
        super().handle_parser_exception()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.outlet is not None:
            self.outlet.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.outlet is not None:
            self.outlet.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.outlet is not None:
            self.outlet.detach()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        _dismiss_all()
        if self.outlet is None:
            super().shutdown()


class GatewayHttpProtocol(HttpToolsProtocol):
    """HTTP that knows other workers' sessions, and closes a connection whose request does not arrive."""

    _timer: asyncio.TimerHandle | None = None
    _is_new = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        handoff.listen(self._sibling)
        self._await(_HEADER_SECONDS)

    def data_received(self, data: bytes) -> None:
        if self._is_new:
            self._is_new = False
            owner = handoff.owner(data)
            if owner is not None and handoff.pass_on(self.transport, data, owner):
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await(_HEADER_SECONDS)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        if not self.parser.should_upgrade():
            self._await(_BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        _dismiss_all()
        super().shutdown()

    def _sibling(self) -> "GatewayHttpProtocol":
        return GatewayHttpProtocol(self.config, self.server_state, self.app_state, self.loop)

    def _await(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _dismiss_all() -> None:
    # Imported late: a worker unpickles this module before Django is set up.
    from gateway.runtime import runtime

    runtime.dismiss_all()


def tune_garbage_collector() -> None:
    """Take what start-up made out of the collector's sight, and collect seldom.

    Connections are long-lived: with the default thresholds each new one is traversed again and again,
    which triples its cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def config(host: str, port: int, max_frame_bytes: int, **options: Any) -> Config:
    """The production configuration of uvicorn, with limits it does not set by itself."""
    return Config(
        "realtime_project.asgi:application",
        host=host,
        port=port,
        loop="uvloop",
        http=GatewayHttpProtocol,
        ws=GatewayWebSocketProtocol,
        ws_max_size=max_frame_bytes,
        # Engine.IO and the gateway keep their own heartbeats.
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # The client address is read by `gateway.transports.address`, from listed proxies alone.
        proxy_headers=False,
        backlog=4096,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        **options,
    )
