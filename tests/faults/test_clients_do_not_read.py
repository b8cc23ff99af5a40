"""A hundred clients that stop reading cost the server a bounded amount, and others nothing."""

import asyncio
import time

import psutil
import pytest

from gateway.bus import RoomEvent, publish_pipeline
from gateway.events import Delivery
from gateway.rooms import Room
from tests.faults.burst import WIRES, soon
from tests.faults.conftest import open_servers
from tests.faults.report import PATIENCE_SECONDS, Report
from tests.gateway.raw_clients import RawClient, open_client
from tests.people import Person, make_people

STUCK = 100
READERS = 20
PAD = "x" * 20_000
# Two MiB, twice what may wait for a client, and what its socket and the kernel take besides.
EVENTS = 400
CLOSED_SECONDS = 5.0
GROWTH_BYTES = 100 * 1024 * 1024
# How much longer an event may take to the others meanwhile.
SLOWER = 2


@pytest.fixture
def everybody() -> list[Person]:
    """Who reads, and who does not."""
    return make_people(STUCK + READERS)


@pytest.mark.faults
async def test_a_hundred_clients_stop_reading_beside_others(redis, stream, everybody, report: Report):
    room = Room("stream", str(stream.pk))
    async with open_servers(redis.url) as (server,):
        readers = [await open_client(server, person) for person in everybody[:READERS]]
        stuck = [
            await open_client(server, person, WIRES[number % 2], small=True)
            for number, person in enumerate(everybody[READERS:])
        ]
        for client in (*readers, *stuck):
            await client.join(stream.pk)
        quiet = await rounds(room, readers, 0, EVENTS // 4)
        process = psutil.Process(server.process.pid)
        memory, most = process.memory_info().rss, 0
        for client in stuck:
            client.stop_reading()

        busy: list[float] = []
        for start in range(EVENTS // 4, EVENTS, 10):
            busy += await rounds(room, readers, start, 10)
            most = max(most, process.memory_info().rss - memory)

        async def all_are_closed() -> bool:
            return (await server.counters())["slow_clients_closed"] == STUCK

        closed = report.within(CLOSED_SECONDS, await soon(all_are_closed))
        most = max(most, process.memory_info().rss - memory)
        complete = sum([data["n"] for data in reader.events("test:event")] == list(range(EVENTS)) for reader in readers)
        for client in stuck:
            client.transport.resume_reading()
        for client in stuck:
            await asyncio.wait_for(client.lost.wait(), PATIENCE_SECONDS)
        told = sum(data["code"] == 4001 for client in stuck for data in client.events("session:closing"))
        before = p99(quiet)
        after = report.within(SLOWER * before, p99(busy))
        report.line(
            stopped_reading=STUCK, closed_after=closed, read_why_when_they_read_again=told,
            memory_growth_MiB=most / 1024 / 1024,
            readers_with_everything_in_order=complete, p99_before_ms=before * 1000, p99_after_ms=after * 1000,
        )  # fmt: skip
        assert complete == READERS
        assert most < GROWTH_BYTES
        for client in (*readers, *stuck):
            client.vanish()


async def rounds(room: Room, readers: list[RawClient], start: int, count: int) -> list[float]:
    """Publish one event after the other; how long each took to the last of the readers."""
    took = []
    for number in range(start, start + count):
        event_id = f"{room.key}-{number}"
        body = f'{{"n":{number},"pad":"{PAD}","eventId":"{event_id}"}}'
        event = RoomEvent(room=room.wire, name="test:event", body=body, delivery=Delivery.ORDERED, id=event_id)
        began = time.monotonic()
        await asyncio.to_thread(publish_pipeline, [event])
        start_of_it = f'{{"event":"test:event","data":{{"n":{number},'
        for reader in readers:
            # Others come and go meanwhile, which readers hear too.
            await reader.until(lambda reader, text=start_of_it: any(m.startswith(text) for m in reader.messages[-300:]))
        took.append(time.monotonic() - began)
    return took


def p99(times: list[float]) -> float:
    """What ninety-nine of a hundred stay below."""
    return sorted(times)[int(len(times) * 0.99) - 1]
