"""No client can make the server hold more than its bound for it, whatever the way out to it."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from django.conf import settings

from gateway.events import Delivery
from gateway.outlet import Outlet
from gateway.wire import Wire
from tests.gateway.wires import TcpPair, broadcast, resume_reading, stop_reading, tcp_pair, websocket_outlet

BOUND = settings.GATEWAY_MAX_BUFFER_BYTES
FRAME = 8 * 1024


@pytest.fixture
async def pair() -> AsyncIterator[TcpPair]:
    async with tcp_pair() as pair:
        yield pair


def fill_until_waiting(outlet: Outlet, first: int = 0) -> int:
    """Push until the socket takes no more; returns the number of the next event."""
    number = first
    while outlet.raw_write is not None:
        outlet.push(broadcast(number, FRAME))
        number += 1
    return number


async def test_what_waits_for_a_socket_that_takes_no_more_is_held_up_to_the_bound_and_then_the_client_is_closed(pair):
    outlet = websocket_outlet(pair)
    slow: list[int] = []
    outlet.on_slow = lambda: slow.append(outlet.waiting)
    number = fill_until_waiting(outlet)

    for _ in range(BOUND // FRAME + 10):
        outlet.push(broadcast(number, FRAME))
        assert outlet.waiting <= BOUND

    assert slow
    assert slow[0] > BOUND - 2 * FRAME


async def test_a_client_that_reads_a_little_and_stops_again_is_still_bounded(pair):
    outlet = websocket_outlet(pair)
    slow: list[int] = []
    outlet.on_slow = lambda: slow.append(outlet.waiting)
    number = fill_until_waiting(outlet)
    for _ in range(60):
        outlet.push(broadcast(number, FRAME))
        number += 1
    resumed = asyncio.Event()
    resume = pair.server.resume_writing

    def resume_and_tell() -> None:
        resume()
        # The client stops reading the moment the server hands over what waited.
        stop_reading(pair)
        resumed.set()

    pair.server.resume_writing = resume_and_tell  # type: ignore[method-assign]
    resume_reading(pair)
    await asyncio.wait_for(resumed.wait(), 10)

    for _ in range(4 * BOUND // FRAME):
        if slow:
            break
        outlet.push(broadcast(number, FRAME))

    assert slow, f"the client holds {outlet.waiting} bytes"
    assert outlet.waiting <= BOUND


async def test_order_is_kept_while_a_socket_takes_takes_no_more_and_takes_again(pair):
    outlet = websocket_outlet(pair)
    number = fill_until_waiting(outlet)
    for _ in range(50):
        outlet.push(broadcast(number))
        number += 1
    resume_reading(pair)
    outlet.push(broadcast(number, delivery=Delivery.DURABLE))

    received = await pair.read_until(f'{{"n":{number},"pad":"{"x" * 100}"}}}}'.encode())

    numbers = [int(part.split(b",", 1)[0]) for part in received.split(b'{"n":')[1:]]
    assert numbers == list(range(number + 1))


async def test_an_asgi_client_that_does_not_read_is_bounded_too():
    outlet = Outlet(Wire.WEBSOCKET)
    slow: list[int] = []
    outlet.on_slow = lambda: slow.append(outlet.waiting)
    never = asyncio.Event()

    async def send(message: str | bytes) -> None:
        await never.wait()

    outlet.attach_send(send)
    for number in range(2 * BOUND // FRAME):
        outlet.push(broadcast(number, FRAME))
        await asyncio.sleep(0)
        assert outlet.waiting <= BOUND

    assert slow
    outlet.abort()
    assert outlet.waiting == 0


async def test_volatile_events_are_dropped_first_and_the_client_is_told_how_many(pair):
    outlet = websocket_outlet(pair)
    number = fill_until_waiting(outlet)
    outlet.push(broadcast(number, 20_000))
    for _ in range(7):
        outlet.push(broadcast(-1, delivery=Delivery.VOLATILE))
    outlet.push(broadcast(number + 1))
    resume_reading(pair)

    received = await pair.read_until(b'{"event":"stream:lagging","data":{"dropped":7')

    assert b'"n":-1' not in received
    assert f'"n":{number + 1},'.encode() in received


async def test_a_polling_client_is_told_of_dropped_events_too():
    outlet = Outlet(Wire.WEBSOCKET)
    outlet.push(broadcast(1, 20_000))
    outlet.push(broadcast(-1, delivery=Delivery.VOLATILE))

    items = await outlet.take(1)

    assert [item.name for item in items] == ["test:event", "stream:lagging"]
    assert json.loads(items[1].message(Wire.WEBSOCKET))["data"]["dropped"] == 1
    assert outlet.waiting == 0


async def test_only_the_newest_value_of_each_room_waits():
    outlet = Outlet(Wire.WEBSOCKET)
    for number, room in [(1, "stream:1"), (2, "stream:2"), (3, "stream:1")]:
        outlet.push(broadcast(number, delivery=Delivery.LATEST, room=room))

    items = await outlet.take(1)

    assert [json.loads(item.message(Wire.WEBSOCKET))["data"]["n"] for item in items] == [2, 3]


async def test_what_was_told_of_lagging_does_not_loosen_the_bound():
    outlet = Outlet(Wire.WEBSOCKET)
    sent: list[str | bytes] = []
    gate = asyncio.Event()

    async def send(message: str | bytes) -> None:
        sent.append(message)
        await gate.wait()

    outlet.attach_send(send)
    outlet.push(broadcast(1))
    await asyncio.sleep(0)
    outlet.push(broadcast(2, 20_000))
    outlet.push(broadcast(-1, delivery=Delivery.VOLATILE))
    gate.set()
    await outlet.flushed()

    assert "stream:lagging" in str(sent[-1])
    assert outlet.waiting == 0
