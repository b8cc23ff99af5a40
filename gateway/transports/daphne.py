"""Daphne takes whatever it is given for a client; here `send` waits for the socket, as other servers' does."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]


class _Gate:
    """Open while Twisted holds little for the client. Twisted calls the methods, by names of its own."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def is_open(self) -> bool:
        return self._open.is_set()

    async def passed(self) -> None:
        """Return when it is open."""
        await self._open.wait()

    def pauseProducing(self) -> None:  # noqa: N802
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._open.set()


def waiting_for_clients(application: Application) -> Application:
    """`application` for WebSockets, whose `send` waits while the client does not read, on every server.

    One that ends while its client still does not read has its socket cut: Daphne would keep it.
    """

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        protocol = _protocol_of(send)
        if protocol is None:
            await application(scope, receive, send)
            return
        gate = _Gate()
        # Until now it was the one that read the request of the handshake.
        protocol.unregisterProducer()
        protocol.registerProducer(gate, True)

        async def send_when_open(message: Any) -> None:
            await gate.passed()
            await send(message)

        try:
            await application(scope, receive, send_when_open)
        finally:
            if not gate.is_open:
                protocol.transport.abortConnection()

    return serve


def _protocol_of(send: Any) -> Any:
    """The Twisted protocol Daphne binds its `send` to; `None` on other servers."""
    protocol = send.args[0] if isinstance(send, partial) and send.args else None
    return protocol if hasattr(protocol, "registerProducer") else None
