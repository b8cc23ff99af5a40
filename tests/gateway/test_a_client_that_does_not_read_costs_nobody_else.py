"""A client that stops reading is closed once its bound is passed, on every server; others hear all."""

import asyncio

import pytest

from gateway.bus import RoomEvent, publish_pipeline
from gateway.presence import total
from gateway.rooms import Room
from gateway.wire import TALKING
from tests.gateway.kernel import event
from tests.gateway.raw_clients import open_client
from tests.people import eventually, make_people

PAD = "x" * 30_000
EVENTS = 400


@pytest.fixture
def people():
    """One who reads, and one who does not on each wire."""
    return make_people(1 + len(TALKING))


def large_event(room: Room, number: int) -> RoomEvent:
    """A numbered event of 30 kB."""
    small = event(room, number)
    return RoomEvent(
        room=small.room,
        name=small.name,
        body=f'{{"n":{number},"pad":"{PAD}","eventId":"{small.id}"}}',
        delivery=small.delivery,
        id=small.id,
    )


async def test_it_is_closed_and_forgotten_and_others_hear_everything_in_order(server, stream, people):
    room = Room("stream", str(stream.pk))
    reader = await open_client(server, people[0])
    await reader.join(stream.pk)
    stuck = [
        await open_client(server, person, wire, small=True) for person, wire in zip(people[1:], TALKING, strict=True)
    ]
    for client in stuck:
        await client.join(stream.pk)
        client.stop_reading()
    closed = (await server.counters())["slow_clients_closed"]

    for start in range(0, EVENTS, 20):
        batch = [large_event(room, number) for number in range(start, start + 20)]
        await asyncio.to_thread(publish_pipeline, batch)
        last = f'"n":{start + 19},'
        await reader.until(lambda client, last=last: any(last in message for message in client.messages[-5:]))

    assert [data["n"] for data in reader.events("test:event")] == list(range(EVENTS))

    async def both_are_gone() -> bool:
        return (await server.counters())["slow_clients_closed"] == closed + len(stuck) and await asyncio.to_thread(
            total, room.wire
        ) == 1

    await eventually(both_are_gone)
    for client in (*stuck, reader):
        client.vanish()


async def test_pings_whose_answers_are_not_read_are_bounded(servers, people):
    client = await open_client(servers[0], people[0], small=True)
    client.stop_reading()

    # 60 MB of answers would have to wait for it.
    try:
        for _ in range(500):
            for _ in range(1000):
                client.send("p" * 120, opcode=0x89)
            if client.transport.is_closing():
                break
            async with asyncio.timeout(10):
                while client.transport.get_write_buffer_size() > 64 * 1024 and not client.lost.is_set():  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
    except TimeoutError:
        pytest.fail("the server stopped reading without closing")

    await asyncio.wait_for(client.lost.wait(), 10)


async def test_endless_empty_fragments_are_not_collected(servers, people):
    client = await open_client(servers[0], people[0])
    client.send("", opcode=0x01)
    for _ in range(10_000):
        client.send("", opcode=0x00)
    client.send('{"event":"no:such:event","ref":5}', opcode=0x80)

    await client.until(lambda client: 5 in client.answers())
    client.vanish()
