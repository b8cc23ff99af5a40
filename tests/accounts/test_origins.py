"""Pages of foreign origins open no socket; apps, which have no origin, are let in by their token."""

import aiohttp
import pytest

from gateway.testing import EVENT_SECONDS
from gateway.testing_servers import ServerProcess, server_process
from tests.conftest import SERVER_ENVIRONMENT

PATHS = {
    "websocket": "/ws/",
    "socketio": "/socket.io/?EIO=4&transport=websocket",
    "polling": "/socket.io/?EIO=4&transport=polling",
}
FRIEND = "https://app.example"


async def opens(server: ServerProcess, transport: str, origin: str) -> bool:
    """Whether a page of `origin`, or an app without one, may open a socket."""
    headers = {"Origin": origin} if origin else {}
    async with aiohttp.ClientSession(server.url) as session:
        if transport == "polling":
            async with session.get(PATHS[transport], headers=headers) as response:
                return response.status == 200
        try:
            async with session.ws_connect(PATHS[transport], headers=headers, timeout=EVENT_SECONDS):
                return True
        except (aiohttp.WSServerHandshakeError, aiohttp.ClientConnectionError):
            return False


@pytest.fixture(params=PATHS)
def wire(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil.example"]
)
async def test_a_page_of_a_foreign_origin_is_refused(server, wire, origin):
    assert not await opens(server, wire, origin)


async def test_a_page_of_our_own_is_let_in(server, wire):
    assert await opens(server, wire, server.url)


async def test_an_app_has_no_origin(server, wire):
    assert await opens(server, wire, "")


async def test_a_listed_origin_is_let_in_and_no_other():
    async with server_process(
        env={**SERVER_ENVIRONMENT, "ALLOWED_ORIGINS": f"{FRIEND},https://other.example"}
    ) as server:
        for wire in PATHS:
            assert await opens(server, wire, FRIEND)
            assert not await opens(server, wire, f"{FRIEND}.evil.example")
