"""A Socket.IO client that is only there costs the process no task: the server calls when something comes."""

import asyncio

import pytest

from gateway.wire import Wire
from tests.gateway.raw_clients import open_client
from tests.people import Person, eventually, make_people

CLIENTS = 60
PER_USER = 5


@pytest.fixture
def people() -> list[Person]:
    return make_people(CLIENTS // PER_USER)


async def test_sixty_idle_clients_leave_as_many_tasks_as_before_and_are_still_heard(start_server, people, stream):
    server = await start_server("gateway", 8)
    before = (await server.counters())["tasks"]
    clients = await asyncio.gather(
        *(open_client(server, people[number // PER_USER], Wire.SOCKETIO) for number in range(CLIENTS))
    )

    async def calm() -> bool:
        counted = await server.counters()
        return counted["connections"] == CLIENTS and counted["tasks"] <= before + 3

    await eventually(calm)
    for client in clients:
        client.command(9, "no:such:event", {})
    await asyncio.gather(*(client.until(lambda client: 9 in client.answers()) for client in clients))
    for client in clients:
        client.vanish()

    async def gone() -> bool:
        return (await server.counters())["connections"] == 0

    await eventually(gone)
