"""An address, or the household of an IPv6 address, has so many sockets and opens so many a minute."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from django.test import override_settings

from gateway.errors import CommandError
from gateway.testing import EVENT_SECONDS
from gateway.testing_servers import ServerProcess, server_process
from gateway.transports.session import knock
from realtime_project.settings import base
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import Person, make_people, new_address

ENVIRONMENT = {**SERVER_ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "tests.accounts.limits_of_an_address"}


@pytest.fixture(scope="module")
async def counting() -> AsyncIterator[ServerProcess]:
    """A server that counts the sockets of an address as production does."""
    async with server_process("gateway", env=ENVIRONMENT) as server:
        yield server


class Sockets:
    """WebSockets from one place."""

    def __init__(self, server: ServerProcess, session: aiohttp.ClientSession) -> None:
        self._server, self._session = server, session
        self._opened: list[aiohttp.ClientWebSocketResponse] = []

    async def opens(self, address: str) -> aiohttp.ClientWebSocketResponse | None:
        """A socket from `address` that has not said who it is; `None` when it was refused."""
        try:
            socket = await self._session.ws_connect(
                f"{self._server.url.replace('http', 'ws', 1)}/ws/", headers={"X-Forwarded-For": address}
            )
        except aiohttp.WSServerHandshakeError:
            return None
        # One that nobody holds any more is closed.
        self._opened.append(socket)
        return socket

    async def enters(self, address: str, person: Person) -> str:
        """What a socket of `person` from `address` hears first: that it is in, or why not."""
        socket = await self.opens(address)
        assert socket is not None
        await socket.send_json({"event": "auth", "data": {"token": person.token}})
        frame = await asyncio.wait_for(socket.receive_json(), EVENT_SECONDS)
        return frame["event"] if frame["event"] == "session:ready" else frame["data"]["code"]


@pytest.fixture
async def sockets(counting: ServerProcess) -> AsyncIterator[Sockets]:
    connector = aiohttp.TCPConnector(limit=0)
    async with AsyncExitStack() as stack:
        yield Sockets(counting, await stack.enter_async_context(aiohttp.ClientSession(connector=connector)))


def test_the_numbers_of_production():
    assert base.GATEWAY_CONNECTIONS_PER_USER == 5
    assert base.GATEWAY_CONNECTIONS_PER_ADDRESS == 100
    assert base.GATEWAY_NEW_CONNECTIONS_PER_ADDRESS_MINUTE == 30
    assert base.GATEWAY_UNAUTHENTICATED_PER_ADDRESS == 20
    assert base.GATEWAY_AUTHENTICATION_SECONDS == 10
    assert base.GATEWAY_MAX_ROOMS_PER_USER == 10
    assert base.GATEWAY_MAX_FRAME_BYTES == 64 * 1024
    assert base.CHAT_MAX_CHARACTERS == 500
    limits = base.GATEWAY_RATE_LIMITS
    assert limits["chat"] == [(30, 60), (3, 3)]
    assert limits["chat_moderator"] == [(100, 60)]
    assert limits["gift"] == [(60, 60)]
    assert limits["join"] == [(20, 60)]


@pytest.fixture
def people() -> list[Person]:
    """As many as a hundred sockets take, and two more."""
    return make_people(22)


async def test_a_hundred_sockets_of_a_household_and_no_more(sockets, people):
    household = new_address().removesuffix("1")
    heard = [await sockets.enters(f"{household}{number + 1}", people[number // 5]) for number in range(100)]

    assert heard == ["session:ready"] * 100
    assert await sockets.enters(f"{household}ffff", people[20]) == "connection_limit"
    assert await sockets.enters(new_address(), people[21]) == "session:ready"


async def test_twenty_that_have_not_said_who_they_are_and_no_more(sockets):
    address = new_address()
    opened = [await sockets.opens(address) for _ in range(21)]

    assert [socket is not None for socket in opened] == [True] * 20 + [False]
    assert await sockets.opens(new_address()) is not None


@override_settings(GATEWAY_NEW_CONNECTIONS_PER_ADDRESS_MINUTE=30)
async def test_thirty_new_ones_a_minute_and_no_more():
    address = new_address()
    for _ in range(30):
        await knock(address)

    with pytest.raises(CommandError, match="Rate limit exceeded"):
        await knock(address)

    await knock(new_address())
