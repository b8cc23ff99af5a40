"""A polling session moves to a websocket without losing, repeating or disturbing anything."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from .client import NOOP, PING, PONG, UPGRADE, Closed, Endpoint, PollingClient, WebSocketClient

Join = Callable[..., Awaitable[WebSocketClient]]


@pytest.fixture
def join(engine_io: Endpoint, clients: AsyncExitStack) -> Join:
    """Bring a listening websocket to a session that exists."""

    async def join(sid: str, **options: bool) -> WebSocketClient:
        client = await WebSocketClient.join(engine_io, sid, **options)
        clients.push_async_callback(client.stop)
        return client.listen()

    return join


async def assert_echo(client: WebSocketClient, text: str = "4hello") -> None:
    await client.send(text)
    assert await client.receive() == text


async def upgrade(poller: PollingClient, join: Join, **options: bool) -> WebSocketClient:
    client = await join(poller.sid, **options)
    await client.send("2probe")
    assert await client.receive() == "3probe"
    await client.send(UPGRADE)
    return client


async def test_a_session_moves_to_the_websocket(poller: PollingClient, join: Join) -> None:
    client = await upgrade(poller, join)
    await assert_echo(client)


async def test_heartbeats_go_on_over_the_websocket(poller: PollingClient, join: Join) -> None:
    client = await upgrade(poller, join, answers_heartbeats=False)
    for _ in range(3):
        assert await client.receive() == PING
        await client.send(PONG)
    await assert_echo(client)


async def test_a_poll_that_waits_is_released_by_the_probe(poller: PollingClient, join: Join) -> None:
    poll = await poller.pending_poll()
    client = await join(poller.sid)
    await client.send("2probe")
    assert await client.receive() == "3probe"
    assert await poll == (200, [NOOP])
    await client.send(UPGRADE)
    await assert_echo(client)


async def test_a_poll_after_the_probe_is_released(poller: PollingClient, join: Join) -> None:
    client = await join(poller.sid)
    await client.send("2probe")
    assert await client.receive() == "3probe"
    assert await poller.poll() == (200, [NOOP])
    await client.send(UPGRADE)
    await assert_echo(client)


async def test_no_stray_noop_reaches_the_websocket(poller: PollingClient, join: Join) -> None:
    client = await upgrade(poller, join, answers_heartbeats=False)
    await client.send("4hello")
    assert sorted([await client.receive(), await client.receive()]) == [PING, "4hello"]
    await client.send(PONG)
    assert await client.receive() == PING


async def test_a_message_not_yet_polled_arrives_over_the_websocket(poller: PollingClient, join: Join) -> None:
    await poller.post("4unpolled")
    client = await upgrade(poller, join)
    assert await client.receive() == "4unpolled"
    await assert_echo(client)


async def test_probe_and_upgrade_may_come_at_once(poller: PollingClient, join: Join) -> None:
    client = await join(poller.sid)
    await client.send("2probe", UPGRADE)
    assert await client.receive() == "3probe"
    await assert_echo(client)


async def test_a_poll_that_waits_is_released_when_probe_and_upgrade_come_at_once(
    poller: PollingClient, join: Join
) -> None:
    poll = await poller.pending_poll()
    client = await join(poller.sid)
    await client.send("2probe", UPGRADE)
    assert await client.receive() == "3probe"
    assert await poll == (200, [NOOP])
    await assert_echo(client, "4first")
    await assert_echo(client, "4second")


async def test_after_the_upgrade_the_session_takes_no_more_polls(poller: PollingClient, join: Join) -> None:
    client = await join(poller.sid)
    await client.send("2probe", UPGRADE)
    assert await client.receive() == "3probe"
    assert (await poller.poll()).status == 400
    await assert_echo(client)


async def test_after_the_upgrade_the_session_takes_no_more_posts(poller: PollingClient, join: Join) -> None:
    client = await upgrade(poller, join)
    await assert_echo(client)
    assert (await poller.post("4hello")).status == 400
    await assert_echo(client)


async def test_a_second_websocket_is_closed_and_the_first_keeps_working(websocket: WebSocketClient, join: Join) -> None:
    second = await join(websocket.sid)
    assert await second.until_closed() == []
    await assert_echo(websocket)


async def test_a_websocket_to_an_upgraded_session_is_closed_and_the_first_keeps_working(
    poller: PollingClient, join: Join
) -> None:
    first = await upgrade(poller, join)
    await assert_echo(first)
    second = await join(poller.sid)
    await second.send("2probe")
    assert await second.until_closed() == []
    await assert_echo(first)


async def test_a_websocket_that_does_not_probe_leaves_the_session_to_polling(poller: PollingClient, join: Join) -> None:
    client = await join(poller.sid)
    await client.send("4hello")
    with pytest.raises(Closed):
        await client.receive()
    await poller.post("4still polling")
    assert await poller.poll() == (200, ["4still polling"])
