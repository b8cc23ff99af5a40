"""The bounded way out to one client, whatever its transport takes at the moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from django.conf import settings

from gateway.events import Delivery, StreamLagging, finish
from gateway.metrics import counters
from gateway.wire import Broadcast, Packet, Wire

log = logging.getLogger(__name__)

Outgoing = Packet | Broadcast
# More than this waiting means the client reads too slowly for typing and cursors to be worth its time.
_VOLATILE_BYTES = 16 * 1024
_FLUSH_SECONDS = 5.0
Send = Callable[[str | bytes], Awaitable[None]]


class RawSocket(Protocol):
    """What `gateway.server` offers through the ASGI scope: a transport that takes finished frames."""

    outlet: "Outlet | None"

    def raw_write(self, data: bytes) -> None: ...
    def buffered(self) -> int: ...
    def abort(self) -> None: ...


class Outlet:
    """The way out to one client: writes at once while the socket takes it, waits in bounds while it does not.

    Exactly one of three sinks is attached at a time: a raw socket of `gateway.server`, an ASGI `send`,
    or none, as for a polling client between two requests. Order is kept across all of them, because
    whatever waits goes out before anything new does. Neither `push` nor `raw_write` ever waits or raises.

    Attributes:
        raw_write: takes finished frames at once, or `None` while something waits.
    """

    __slots__ = (
        "_drainer", "_dropped", "_max_bytes", "_queue", "_queued_bytes", "_raw", "_send", "_taken", "_waiter",
        "aborted", "closed", "on_slow", "on_violation", "raw_write", "wire",
    )  # fmt: skip

    def __init__(self, wire: Wire, max_bytes: int | None = None) -> None:
        self.wire = wire
        self._max_bytes = max_bytes or settings.GATEWAY_MAX_BUFFER_BYTES
        self.raw_write: Callable[[bytes], None] | None = None
        self.on_slow: Callable[[], None] = lambda: None
        # Called by the server when the client broke the websocket protocol, just before it is closed for that.
        self.on_violation: Callable[[], None] = lambda: None
        self.closed = False
        self.aborted = False
        self._raw: RawSocket | None = None
        self._send: Send | None = None
        # A list, because every idle client has one, and an empty deque holds 600 bytes.
        self._queue: list[Outgoing] = []
        self._queued_bytes = 0
        self._dropped = 0
        self._drainer: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[list[Outgoing]] | None = None
        self._taken: asyncio.Future[None] | None = None

    # --- sinks ------------------------------------------------------------------------------------

    def attach_raw(self, raw: RawSocket) -> None:
        """Send through `raw` from now on, first what waits."""
        self._raw = raw
        raw.outlet = self
        self.resume()

    def attach_send(self, send: Send) -> None:
        """Send through the coroutine function `send` from now on, first what waits."""
        self._send = send
        self._start_draining()

    def detach(self) -> None:
        """The client is gone: forget what waits and take no more."""
        self.closed = True
        self.raw_write = None
        if self._raw is not None:
            self._raw.outlet = None
        self._raw = None
        self._queue.clear()
        self._queued_bytes = 0
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result([])
        if self._taken is not None and not self._taken.done():
            self._taken.set_result(None)

    def seal(self) -> None:
        """Take no more. What the socket was given still goes out, and `abort` still cuts it."""
        self.closed = True
        self.raw_write = None

    def pause(self) -> None:
        """The socket's own buffer is full: let everything wait here."""
        self.raw_write = None

    def resume(self) -> None:
        """The socket takes frames again: write what waits, then write at once."""
        raw = self._raw
        if raw is None or self.closed:
            return
        # Set before what waits is written, because that may fill the socket, which calls `pause` at once.
        self.raw_write = raw.raw_write
        items = self._take_all()
        if items:
            raw.raw_write(b"".join([item.frame(self.wire) for item in items]))

    # --- sending ----------------------------------------------------------------------------------

    def push(self, item: Outgoing) -> None:
        """Send `item`, now or after what waits; drop it or close the client when bounds ask for it."""
        write = self.raw_write
        if write is not None:
            write(item.frame(self.wire))
            return
        if self.closed or not self._has_room_for(item):
            return
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result([item])
            return
        self._queue.append(item)
        self._queued_bytes += item.size
        if self._send is not None:
            self._start_draining()

    def push_last(self, item: Outgoing) -> None:
        """Forget what waits, send `item`, and take no more."""
        self._queue.clear()
        self._queued_bytes = 0
        if self.closed:
            return
        self.seal()
        if self._raw is not None:
            self._raw.raw_write(item.frame(self.wire))
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result([item])
        else:
            self._queue.append(item)
            self._queued_bytes = item.size
            if self._send is not None:
                self._start_draining()

    @property
    def waiting(self) -> int:
        """Bytes held for this client, here and in its socket."""
        return self._queued_bytes + (self._raw.buffered() if self._raw is not None else 0)

    async def take(self, seconds: float) -> list[Outgoing]:
        """All that waits, for a poll; at least one item, or none after `seconds` or when the client is gone."""
        if not self._queue and not self.closed:
            # What comes next is handed over at once: a sink attached meanwhile must not send it too.
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                return await asyncio.wait_for(self._waiter, seconds)
            except TimeoutError:
                return []
            finally:
                self._waiter = None
        if self._taken is not None and not self._taken.done():
            self._taken.set_result(None)
        return self._take_all()

    async def taken(self, seconds: float) -> None:
        """Return when a poll has taken what waits, or after `seconds`."""
        if self._queue:
            self._taken = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._taken], timeout=seconds)

    async def flushed(self) -> None:
        """Return when all that waits was handed to the server; cut the connection when it could not be in time."""
        self.resume()
        if self._drainer is not None:
            _, late = await asyncio.wait([self._drainer], timeout=_FLUSH_SECONDS)
            if late:
                self.abort()

    def abort(self) -> None:
        """Cut the connection without a word, as for a client that does not read."""
        raw = self._raw
        self.aborted = True
        self.detach()
        if self._drainer is not None:
            self._drainer.cancel()
        if raw is not None:
            raw.abort()

    # --- bounds -----------------------------------------------------------------------------------

    def _has_room_for(self, item: Outgoing) -> bool:
        if self._queued_bytes > _VOLATILE_BYTES and item.delivery is Delivery.VOLATILE:
            self._dropped += 1
            counters.events_dropped += 1
            return False
        if item.delivery is Delivery.LATEST:
            self._forget_older(item)
        if self.waiting + item.size <= self._max_bytes:
            return True
        counters.slow_clients_closed += 1
        self.on_slow()
        return False

    def _forget_older(self, item: Outgoing) -> None:
        for waiting in self._queue:
            if waiting.name == item.name and waiting.room == item.room and waiting.delivery is Delivery.LATEST:
                self._queue.remove(waiting)
                self._queued_bytes -= waiting.size
                return

    def _tell_lagging(self) -> None:
        if self._dropped:
            body = finish(StreamLagging(dropped=self._dropped))[1]
            notice = Broadcast("stream:lagging", body, Delivery.DURABLE)
            self._queue.append(notice)
            self._queued_bytes += notice.size
            self._dropped = 0

    def _take_all(self) -> list[Outgoing]:
        self._tell_lagging()
        items, self._queue = self._queue, []
        self._queued_bytes = 0
        return items

    def _start_draining(self) -> None:
        if self._drainer is None and self._queue:
            self._drainer = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        send = self._send
        assert send is not None
        try:
            while self._queue:
                item = self._queue.pop(0)
                self._queued_bytes -= item.size
                for message in item.messages(self.wire):
                    await send(message)
                if not self._queue:
                    self._tell_lagging()
        except Exception as error:
            # The client went away while it was written to; its transport reports the end.
            log.debug("a client left while it was written to: %s", type(error).__name__)
            self.detach()
        finally:
            self._drainer = None
