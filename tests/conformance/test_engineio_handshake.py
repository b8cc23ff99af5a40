"""How an Engine.IO session opens, and which requests open none."""

from contextlib import AsyncExitStack

import pytest
import websockets

from .client import Endpoint, Frame, PollingClient, WebSocketClient

INTERVALS = {"pingInterval": 300, "pingTimeout": 200, "maxPayload": 1_000_000}
BAD_QUERIES = {
    "no EIO": {"transport": "TRANSPORT"},
    "an old EIO": {"EIO": "3", "transport": "TRANSPORT"},
    "a nonsense EIO": {"EIO": "abc", "transport": "TRANSPORT"},
    "no transport": {"EIO": "4"},
    "an unknown transport": {"EIO": "4", "transport": "abc"},
    "an unknown sid": {"EIO": "4", "transport": "TRANSPORT", "sid": "nobody"},
}

bad_query = pytest.mark.parametrize("query", BAD_QUERIES.values(), ids=BAD_QUERIES.keys())


def query_for(transport: str, query: dict[str, str]) -> dict[str, str]:
    return {name: value.replace("TRANSPORT", transport) for name, value in query.items()}


async def first_frame(endpoint: Endpoint, query: dict[str, str]) -> Frame:
    async with await endpoint.websocket(**query) as socket:
        return await socket.recv()


@pytest.fixture(params=["socket.io", "engine.io"])
def endpoint(request: pytest.FixtureRequest, socket_io: Endpoint, engine_io: Endpoint) -> Endpoint:
    return {"socket.io": socket_io, "engine.io": engine_io}[request.param]


async def test_polling_opens_with_five_keys_and_offers_the_websocket(
    endpoint: Endpoint, clients: AsyncExitStack
) -> None:
    client = await PollingClient.open(endpoint)
    clients.push_async_callback(client.stop)
    assert client.handshake == {"sid": client.sid, "upgrades": ["websocket"], **INTERVALS}
    assert isinstance(client.sid, str)


async def test_a_websocket_opens_with_five_keys_and_offers_no_upgrade(
    endpoint: Endpoint, clients: AsyncExitStack
) -> None:
    client = await WebSocketClient.open(endpoint)
    clients.push_async_callback(client.stop)
    assert client.handshake == {"sid": client.sid, "upgrades": [], **INTERVALS}
    assert isinstance(client.sid, str)


async def test_the_open_packet_writes_milliseconds_as_integers(endpoint: Endpoint) -> None:
    _, body = await endpoint.request("GET", EIO="4", transport="polling")
    assert '"pingInterval":300,' in body.replace(" ", "")
    assert '"pingTimeout":200,' in body.replace(" ", "")


@bad_query
async def test_polling_with_a_bad_query_is_a_bad_request(endpoint: Endpoint, query: dict[str, str]) -> None:
    status, _ = await endpoint.request("GET", **query_for("polling", query))
    assert status == 400


@bad_query
async def test_a_websocket_with_a_bad_query_is_closed(endpoint: Endpoint, query: dict[str, str]) -> None:
    with pytest.raises((websockets.InvalidHandshake, websockets.ConnectionClosed)):
        await first_frame(endpoint, query_for("websocket", query))


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_only_get_opens_a_session(endpoint: Endpoint, method: str) -> None:
    status, _ = await endpoint.request(method, EIO="4", transport="polling")
    assert status == 400


async def test_a_post_to_an_unknown_session_is_a_bad_request(endpoint: Endpoint) -> None:
    status, _ = await endpoint.request("POST", "4hello", EIO="4", transport="polling", sid="nobody")
    assert status == 400
