"""The address of a client is the one its connection comes from, or what a listed proxy says of it."""

from contextlib import AsyncExitStack

import pytest

from .client import Endpoint, content, enter, http_session, open_client
from .conftest import Server

PROXY = "127.0.0.1"
STRANGER = "127.0.0.2"


async def address_of(server: Server, transport: str, connection_from: str, headers: dict[str, str]) -> str:
    """Return what the application takes for the address of a client that comes from here, with these headers."""
    if server.name == "external":
        pytest.skip("an external server lists proxies of its own")
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(http_session(connection_from))
        endpoint = Endpoint(http, f"{server.url}/socket.io/", headers, connection_from)
        client = await open_client(endpoint, transport)
        stack.push_async_callback(client.stop)
        await enter(client)
        await client.send('421["address"]')
        return content(await client.receive(), "431")[0]


async def test_it_is_the_one_the_connection_comes_from(server: Server, transport: str) -> None:
    assert await address_of(server, transport, STRANGER, {}) == STRANGER


async def test_a_client_cannot_choose_its_own(server: Server, transport: str) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    assert await address_of(server, transport, STRANGER, headers) == STRANGER


async def test_a_listed_proxy_is_believed(server: Server, transport: str) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    assert await address_of(server, transport, PROXY, headers) == "203.0.113.9"


async def test_what_the_client_told_the_proxy_is_not_believed(server: Server, transport: str) -> None:
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    assert await address_of(server, transport, PROXY, headers) == "203.0.113.9"


async def test_listed_proxies_behind_each_other_are_passed_over(server: Server, transport: str) -> None:
    headers = {"X-Forwarded-For": f"203.0.113.9, {PROXY}"}
    assert await address_of(server, transport, PROXY, headers) == "203.0.113.9"
