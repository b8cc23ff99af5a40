"""How an Engine.IO session ends, by the client's wish and by its mistakes."""

from .client import CLOSE, NOOP, Endpoint, PollingClient, WebSocketClient


async def test_a_close_packet_releases_the_pending_poll_and_ends_the_session(poller: PollingClient) -> None:
    poll = await poller.pending_poll()
    assert await poller.post(CLOSE) == (200, "ok")
    assert await poll == (200, [NOOP])
    assert (await poller.poll()).status == 400


async def test_a_close_packet_ends_a_websocket(websocket: WebSocketClient) -> None:
    await websocket.send(CLOSE)
    assert await websocket.until_closed() == []


async def test_a_session_whose_websocket_is_gone_is_unknown(engine_io: Endpoint, websocket: WebSocketClient) -> None:
    await websocket.stop()
    status, _ = await engine_io.request("GET", EIO="4", transport="polling", sid=websocket.sid)
    assert status == 400


async def test_of_two_polls_at_once_the_first_is_told_to_close_and_the_second_is_an_error(
    poller: PollingClient,
) -> None:
    first = await poller.pending_poll()
    second = await poller.poll()
    assert await first == (200, [CLOSE])
    assert second.status in {400, 500}
    assert (await poller.poll()).status == 400
