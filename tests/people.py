"""People for tests, their streams, and what they do again and again.

Alice hosts, Bob watches, Charlie is a stranger, Mona moderates.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from accounts import services as account_services
from accounts.models import Session, User
from gateway.testing import EVENT_SECONDS, Client, Reply, Transport, connected
from gateway.testing_servers import ServerProcess
from streams import services as stream_services
from streams.models import Stream

PASSWORD = "correct horse battery staple"
# Within this time a session that ends is closed on every process.
CLOSING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Person:
    """A user of their own for one test, signed in once."""

    user: User
    session: Session
    token: str = field(repr=False)
    refresh: str = field(repr=False)

    @property
    def id(self) -> str:
        return str(self.user.pk)

    @property
    def name(self) -> str:
        return self.user.username


def make_person(name: str, **fields: Any) -> Person:
    """A fresh user whose name starts with `name`; `fields` are those of `User`."""
    user = User.objects.create_user(f"{name}_{secrets.token_hex(4)}", password=PASSWORD, **fields)
    return sign_in(user)


def make_people(count: int, name: str = "guest", **fields: Any) -> list[Person]:
    """As many fresh users."""
    return [make_person(name, **fields) for _ in range(count)]


def sign_in(user: User) -> Person:
    """The user on one more device."""
    tokens = account_services.open_session(user=user, user_agent="tests")
    return Person(user, tokens.session, tokens.access, tokens.refresh)


def make_stream(host: Person, *, live: bool = True, invited: Iterable[Person] = (), **fields: Any) -> Stream:
    """A stream of `host`, live unless told otherwise; `fields` are those of `Stream`."""
    stream = stream_services.create_stream(
        host=host.user, invited=[person.user for person in invited], **{"title": "Sunday set", **fields}
    )
    return stream_services.start_stream(stream=stream) if live else stream


# --- Clients --------------------------------------------------------------------------------------


class Crowd:
    """Opens clients that leave together when the test ends."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def connect(
        self, server: ServerProcess, person: Person, transport: Transport = "websocket", **words: Any
    ) -> Client:
        """A client of `person`; `words` go with the token."""
        return await self.connect_with(server, person.token, transport, **words)

    async def connect_with(self, server: ServerProcess, token: str, transport: Transport, **words: Any) -> Client:
        """A client of whoever `token` speaks of."""
        return await self._stack.enter_async_context(connected(server, transport, token, **words))

    async def join(
        self, server: ServerProcess, person: Person, stream: Stream, transport: Transport = "websocket"
    ) -> Client:
        """A client of `person` in the room of `stream`."""
        client = await self.connect(server, person, transport)
        await join(client, stream)
        return client


@asynccontextmanager
async def open_crowd() -> AsyncIterator[Crowd]:
    """A crowd that leaves at the end."""
    async with AsyncExitStack() as stack:
        yield Crowd(stack)


async def join(client: Client, stream: Stream, **fields: Any) -> dict[str, Any]:
    """Enter the stream's room; returns what the joiner is told."""
    return done(await client.call("stream:join", {"streamId": str(stream.pk), **fields}))


async def leave(client: Client, stream: Stream) -> None:
    """Leave the stream's room."""
    done(await client.call("stream:leave", {"streamId": str(stream.pk)}))


async def say(client: Client, stream: Stream, message: str, **fields: Any) -> Reply:
    """Write in the stream's chat."""
    return await client.call("chat:new", {"streamId": str(stream.pk), "message": message, "type": "public", **fields})


async def hear(client: Client, message: str) -> dict[str, Any]:
    """Wait until the client hears this message."""
    return await client.wait_for("chat:new", lambda data: data["message"] == message)


def heard(client: Client) -> list[str]:
    """The messages the client has heard so far, in order."""
    return [data["message"] for data in client.named("chat:new")]


async def all_has_arrived(speaker: Client, stream: Stream, *listeners: Client) -> None:
    """Wait until whatever was sent to the room before has reached the listeners: a later message has."""
    marker = f"marker {secrets.token_hex(4)}"
    done(await say(speaker, stream, marker))
    await asyncio.gather(*(hear(listener, marker) for listener in listeners))


def done(reply: Reply) -> dict[str, Any]:
    """The data of an answer that must not be a refusal."""
    assert reply.ok, reply.error
    return reply.data


async def closing(client: Client) -> dict[str, Any]:
    """What the server says before it closes the client, and it does, within the promised time."""
    notice = await client.wait_for("session:closing", seconds=CLOSING_SECONDS)
    await asyncio.wait_for(client.closed.wait(), CLOSING_SECONDS)
    return notice


async def eventually(look: Callable[[], Any], seconds: float = EVENT_SECONDS) -> None:
    """Wait until the coroutine function `look` finds what no event tells of."""
    async with asyncio.timeout(seconds):
        while not await look():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


# --- REST -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of the REST interface."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        """The error's words."""
        return str(self.body["error"]["message"])


async def rest(
    server: ServerProcess,
    method: str,
    path: str,
    person: Person | None = None,
    json: Any = None,
    *,
    token: str | None = None,
    address: str | None = None,
) -> Response:
    """One request to `/api/…`.

    Args:
        person: whose token goes with it.
        token: what goes into the Authorization header instead.
        address: where it seems to come from; one of its own when left out, so that tests share no limit.
    """
    headers = {"X-Forwarded-For": address or new_address()}
    if person is not None or token is not None:
        headers["Authorization"] = token if token is not None else f"Bearer {person.token}"  # type: ignore[union-attr]
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{server.url}/api/{path}", json=json, headers=headers) as response,
    ):
        return Response(response.status, await response.json() if response.status != 204 else None)


def new_address() -> str:
    """An IPv6 address in a /64 nobody else uses; the tests' servers believe X-Forwarded-For."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"
