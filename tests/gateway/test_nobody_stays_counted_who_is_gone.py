"""However a client comes and goes, nothing goes on counting it and no room holds it."""

import asyncio
import random

import pytest

from gateway.presence import total
from gateway.wire import TALKING
from tests.gateway.raw_clients import open_client, open_socket
from tests.people import Person, eventually, make_people, new_address


@pytest.fixture
def people() -> list[Person]:
    """Viewers."""
    return make_people(10)


async def falls_to_zero(key: str) -> None:
    """Wait until the cluster counts none of `key`."""

    async def none() -> bool:
        return await asyncio.to_thread(total, key) == 0

    await eventually(none)


@pytest.mark.parametrize("wire", list(TALKING))
async def test_sockets_that_vanish_while_they_open_are_not_counted_as_unauthenticated(server, wire):
    address, choose = new_address(), random.Random(7)

    async def come_and_vanish() -> None:
        client = await open_socket(server, wire, address=address)
        for _ in range(choose.randint(0, 20)):
            await asyncio.sleep(0)
        client.vanish()

    for _ in range(10):
        await asyncio.gather(*(come_and_vanish() for _ in range(10)))

    await falls_to_zero(f"unauthenticated:{address}")


@pytest.mark.parametrize("wire", list(TALKING))
async def test_a_client_that_vanishes_while_it_joins_is_in_no_room_and_counted_nowhere(server, wire, stream, people):
    choose = random.Random(11)
    for person in people:
        client = await open_client(server, person, wire)
        client.command(2, "stream:join", {"streamId": str(stream.pk)})
        client.command(3, "stream:leave", {"streamId": str(stream.pk)})
        client.command(4, "stream:join", {"streamId": str(stream.pk)})
        for _ in range(choose.randint(0, 10)):
            await asyncio.sleep(0)
        client.vanish()

    await falls_to_zero(f"stream:{stream.pk}")
    for person in people:
        await falls_to_zero(f"connections:{person.id}")
