"""A message to a thousand members of one process is encoded once and framed once for each wire."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from accounts.models import User
from gateway.bus import publish_pipeline
from gateway.rooms import Room
from gateway.testing_servers import ServerProcess
from gateway.wire import TALKING
from streams.models import Stream
from tests.gateway.kernel import event
from tests.gateway.raw_clients import RawClient, open_client
from tests.people import Person, eventually, sign_in

MEMBERS = 1000
PER_USER = 5

FullRoom = tuple[ServerProcess, list[RawClient]]


@pytest.fixture
def people() -> list[Person]:
    """Enough users to hold every member's connection; none needs a password."""
    name = f"crowd_{secrets.token_hex(4)}"
    users = User.objects.bulk_create(
        User(username=f"{name}_{number}", email=f"{name}_{number}@example.org") for number in range(MEMBERS // PER_USER)
    )
    return [sign_in(user) for user in users]


@pytest.fixture
async def full_room(
    start_server, stream: Stream, people: list[Person]
) -> AsyncIterator[tuple[ServerProcess, list[RawClient]]]:
    """A process of its own with a thousand members in one stream, as many on each wire."""
    server = await start_server("gateway", 7)
    clients: list[RawClient] = []

    async def enter(number: int) -> None:
        client = await open_client(server, people[number // PER_USER], list(TALKING)[number % len(TALKING)])
        clients.append(client)
        await client.join(stream.pk)

    for start in range(0, MEMBERS, 100):
        await asyncio.gather(*(enter(number) for number in range(start, start + 100)))
    yield server, clients
    for client in clients:
        client.vanish()


async def test_a_message_is_encoded_once_and_framed_once_for_each_wire(full_room, stream, alice):
    server, clients = full_room
    host = await open_client(server, alice)
    before = await server.counters()

    host.command(9, "chat:new", {"streamId": str(stream.pk), "message": "hello all", "type": "public"})
    await asyncio.gather(
        *(client.until(lambda client: client.events("chat:new")) for client in clients),
    )

    async def counted() -> bool:
        after = await server.counters()
        spent = {name: after[name] - before[name] for name in after}
        # The stream's numbers change with the message, so that they may be told as well.
        told = spent["events_received"]
        return (
            told >= 1
            and spent["events_encoded"] == told
            and spent["frames_built"] == told * len(TALKING)
            and spent["deliveries"] == told * MEMBERS
        )

    await eventually(counted)
    assert all(len(client.events("chat:new")) == 1 for client in clients)


async def test_under_load_messages_go_out_in_fewer_rounds_and_in_order(full_room, stream):
    server, clients = full_room
    room, count = Room("stream", str(stream.pk)), 400
    before = await server.counters()

    for start in range(0, count, 40):
        batch = [event(room, number) for number in range(start, start + 40)]
        await asyncio.to_thread(publish_pipeline, batch)
    last = f'"n":{count - 1},'
    await asyncio.gather(
        *(client.until(lambda client: any(last in message for message in client.messages[-3:])) for client in clients)
    )

    after = await server.counters()
    assert after["events_received"] - before["events_received"] >= count
    assert after["fan_out_rounds"] - before["fan_out_rounds"] < count
    for client in clients:
        assert [data["n"] for data in client.events("test:event")] == list(range(count))
