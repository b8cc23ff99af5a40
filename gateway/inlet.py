"""The way in from one client: messages are handed over, so that no task waits for the next one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Take = Callable[[str | bytes | None], Awaitable[None]]


def message_of(event: Any) -> str | bytes | None:
    """What the client sent by this ASGI event; `None` when it says that the client is gone."""
    if event["type"] != "websocket.receive":
        return None
    text: str | None = event.get("text")
    return text if text is not None else event["bytes"]


class Inlet:
    """The way in from one client: stands where uvicorn's queue of events was, and calls instead of being asked.

    Args:
        take: called with each message and awaited, one after another; with `None` at the end.
        read_on: called when nothing waits.
    """

    __slots__ = ("_events", "_read_on", "_take", "_worker")

    def __init__(self, take: Take, read_on: Callable[[], None]) -> None:
        self._take = take
        self._read_on = read_on
        self._events: list[Any] = []
        self._worker: asyncio.Task[None] | None = None

    def put_nowait(self, event: Any) -> None:
        """Take an ASGI event of the websocket."""
        self._events.append(event)
        if self._worker is None:
            self._worker = asyncio.ensure_future(self._work())

    async def _work(self) -> None:
        try:
            while self._events:
                events, self._events = self._events, []
                for event in events:
                    await self._take(message_of(event))
                self._read_on()
        finally:
            self._worker = None
