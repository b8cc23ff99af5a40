"""Helpers for tests: one client interface over every transport; `testing_servers` has the servers.

A scenario is written once and run on each transport:

    @pytest.mark.parametrize("transport", TRANSPORTS)
    async def test_a_viewer_is_heard(transport, server, alice): ...
        async with connected(server, transport, alice.token) as client:
            answer = await client.call("chat:new", {...})
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import socketio

from gateway.testing_servers import ServerProcess

Transport = Literal["socketio", "polling", "websocket", "rest"]

TRANSPORTS: tuple[Transport, ...] = ("socketio", "polling", "websocket", "rest")
LIVE_TRANSPORTS: tuple[Transport, ...] = ("socketio", "polling", "websocket")

EVENT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    """An event a client got."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command: its data, or its error."""

    ok: bool
    data: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The error's code, or an empty string."""
        return str(self.error.get("code", ""))


class Refused(Exception):
    """The server did not let the client in. `error` is what it said."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", ""))
        self.error = error


class Client(ABC):
    """One client of one user, whatever the transport. Keeps every event it got, in order."""

    def __init__(self) -> None:
        self.events: list[Received] = []
        self.closed = asyncio.Event()
        self._news = asyncio.Event()

    @abstractmethod
    async def connect(self, url: str, token: str | None, **words: Any) -> None:
        """Connect; `words` go with the token, over a socket. Raises `Refused`."""

    @abstractmethod
    async def call(self, event: str, data: dict[str, Any]) -> Reply:
        """Send a command and wait for its answer.

        Raises:
            TimeoutError: none came, as when the connection is lost meanwhile.
        """

    @abstractmethod
    async def emit(self, event: str, data: dict[str, Any]) -> None:
        """Send a command without asking for an answer."""

    @abstractmethod
    async def close(self) -> None:
        """Leave."""

    def named(self, name: str) -> list[dict[str, Any]]:
        """The data of all events called `name` so far, in order."""
        return [event.data for event in self.events if event.name == name]

    async def wait_for(
        self, name: str, matches: Callable[[dict[str, Any]], bool] = lambda data: True, seconds: float = EVENT_SECONDS
    ) -> dict[str, Any]:
        """The data of the first event called `name` that matches, come already or yet to come."""
        seen = 0

        async def look() -> dict[str, Any]:
            nonlocal seen
            while True:
                while seen < len(self.events):
                    event = self.events[seen]
                    seen += 1
                    if event.name == name and matches(event.data):
                        return event.data
                self._news.clear()
                await self._news.wait()

        try:
            return await asyncio.wait_for(look(), seconds)
        except TimeoutError:
            names = [event.name for event in self.events]
            raise AssertionError(f"no {name} in {seconds} s; got {names}") from None

    def _take(self, name: str, data: dict[str, Any]) -> None:
        self.events.append(Received(name, data))
        self._news.set()


class SocketIOClient(Client):
    """The stock python-socketio client.

    Args:
        transports: as the stock client names them, in the order to try.
        http: how it makes its requests; the stock client's own way when left out.
        headers: what its requests carry besides.
    """

    def __init__(
        self,
        transports: list[str],
        http: aiohttp.ClientSession | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._headers = headers or {}
        self._transports = transports
        self._sio = socketio.AsyncClient(reconnection=False, http_session=http)
        self._sio.on("*", self._take)
        self._sio.on("disconnect", lambda *reason: self.closed.set())
        self._errors: list[Any] = []
        self._sio.on("connect_error", self._errors.append)

    async def connect(self, url: str, token: str | None, **words: Any) -> None:
        auth = {"token": token, "userId": "legacy apps send this", **words} if token is not None else None
        try:
            await self._sio.connect(
                url, self._headers, auth=auth, transports=self._transports, wait_timeout=EVENT_SECONDS
            )
        except socketio.exceptions.ConnectionError as error:
            refusal = next((e for e in self._errors if isinstance(e, dict)), {"message": str(error)})
            raise Refused(refusal) from error
        except RuntimeError as error:
            # The stock client closes its HTTP session before it reads what a refused handshake says.
            raise Refused({"message": str(error)}) from error

    async def call(self, event: str, data: dict[str, Any]) -> Reply:
        try:
            return _reply(await self._sio.call(event, data, timeout=EVENT_SECONDS))
        except socketio.exceptions.TimeoutError as error:
            # The stock client's is no TimeoutError of Python's.
            raise TimeoutError(f"no answer to {event} in {EVENT_SECONDS} s") from error

    async def emit(self, event: str, data: dict[str, Any]) -> None:
        await self._sio.emit(event, data)

    async def close(self) -> None:
        await self._sio.disconnect()
        # The stock client forgets its HTTP session when the server has ended a polling connection.
        if self._sio.eio.http is not None:
            await self._sio.eio.http.close()


class WebSocketClient(Client):
    """A plain WebSocket client; `headers` go with its handshake."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self._headers = headers or {}
        self.close_code: int | None = None
        self._session: aiohttp.ClientSession | None = None
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._reference = 0
        self._reader: asyncio.Task[None] | None = None

    async def connect(self, url: str, token: str | None, **words: Any) -> None:
        self._session = aiohttp.ClientSession()
        self._ws = await self._session.ws_connect(
            f"{url.replace('http', 'ws', 1)}/ws/", autoclose=True, headers=self._headers
        )
        self._reader = asyncio.ensure_future(self._read())
        reply = await self.call("auth", {"token": token, **words} if token is not None else {})
        if not reply.ok:
            raise Refused({"message": reply.error["message"], "data": {"code": reply.code}})

    async def call(self, event: str, data: dict[str, Any]) -> Reply:
        self._reference += 1
        answer = self._replies[self._reference] = asyncio.get_running_loop().create_future()
        await self.send_text(json.dumps({"event": event, "data": data, "ref": self._reference}))
        return await asyncio.wait_for(answer, EVENT_SECONDS)

    async def emit(self, event: str, data: dict[str, Any]) -> None:
        await self.send_text(json.dumps({"event": event, "data": data}))

    async def send_text(self, text: str) -> None:
        """Send a frame as it is, valid or not."""
        await self._ws.send_str(text)

    async def close(self) -> None:
        if self._reader is not None:
            await self._ws.close()
        if self._session is not None:
            await self._session.close()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        async for message in self._ws:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            if frame["event"] == "reply":
                answer = self._replies.pop(frame["ref"], None)
                if answer is not None and not answer.done():
                    answer.set_result(_reply(frame))
            else:
                self._take(frame["event"], frame["data"])
        self.close_code = self._ws.close_code
        self.closed.set()


class RestClient(Client):
    """Commands over REST. It has no connection, so it hears nothing. `headers` go with every request."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self._headers = headers or {}

    async def connect(self, url: str, token: str | None, **words: Any) -> None:
        headers = {**self._headers, **({"Authorization": f"Bearer {token}"} if token is not None else {})}
        self._session = aiohttp.ClientSession(base_url=url, headers=headers)
        async with self._session.get("/api/auth/me/") as response:
            if response.status == 401:
                body = await response.json()
                await self._session.close()
                raise Refused({"message": body["error"]["message"], "data": {"code": body["error"]["code"]}})

    async def call(self, event: str, data: dict[str, Any]) -> Reply:
        async with self._session.post(f"/api/events/{event}/", json=data) as response:
            return _reply(await response.json())

    async def emit(self, event: str, data: dict[str, Any]) -> None:
        await self.call(event, data)

    async def close(self) -> None:
        await self._session.close()


def make_client(transport: Transport, headers: dict[str, str] | None = None) -> Client:
    """A client of this transport, not connected yet; `headers` go with its requests."""
    if transport == "websocket":
        return WebSocketClient(headers)
    if transport == "rest":
        return RestClient(headers)
    return SocketIOClient(["polling"] if transport == "polling" else ["websocket"], headers=headers)


@asynccontextmanager
async def connected(
    server: ServerProcess, transport: Transport, token: str | None, **words: Any
) -> AsyncIterator[Client]:
    """A client of `transport`, let in with `token` and what else it says with it; it leaves at the end.

    Raises:
        Refused: the server did not let it in.
    """
    client = make_client(transport)
    try:
        await client.connect(server.url, token, **words)
        yield client
    finally:
        await client.close()


def _reply(answer: dict[str, Any]) -> Reply:
    return Reply(ok=answer["ok"], data=answer.get("data", {}), error=answer.get("error", {}))
