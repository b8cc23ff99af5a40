"""Whatever makes the server close a client, it says why first, on each way to it."""

import asyncio
import json

import aiohttp
import pytest

from gateway.bus import RoomEvent, publish_pipeline
from gateway.rooms import user_room
from gateway.testing_servers import server_process
from gateway.wire import TALKING, Wire
from tests.conftest import SERVER_ENVIRONMENT
from tests.gateway.kernel import event
from tests.gateway.raw_clients import RawClient, open_client, open_socket
from tests.people import eventually

ENVIRONMENT = {**SERVER_ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "tests.sessions.settings"}
# A client that stops reading is closed within this time once its bound is passed.
SLOW_SECONDS = 5.0


@pytest.fixture(scope="module")
async def impatient():
    """A server with a short heartbeat and a short deadline to authenticate."""
    async with server_process("gateway", env=ENVIRONMENT) as server:
        yield server


async def told(client: RawClient) -> tuple[int, str]:
    """The code and reason the client is told, and then it is gone."""
    await asyncio.wait_for(client.lost.wait(), 15)
    (notice,) = client.events("session:closing")
    assert (notice["retryAfterMs"] is None) == (notice["code"] >= 4100)
    return notice["code"], notice["reason"]


@pytest.mark.parametrize("wire", list(TALKING))
@pytest.mark.parametrize("kind", ["gateway", "uvicorn"])
async def test_a_frame_that_is_too_large(start_server, kind, wire, bob):
    client = await open_client(await start_server(kind, 0), bob, wire)

    client.send("x" * 65_535)
    if wire is Wire.WEBSOCKET:
        # Not JSON, which costs an error and no more.
        assert await client.until(lambda client: client.events("error"))
        client.send("x" * 70_000)

    if kind == "gateway" or wire.is_socketio:
        assert await told(client) == (4104, "protocol_violation")
    else:
        # A stock server closes by itself, and lets nobody say why.
        await asyncio.wait_for(client.lost.wait(), 15)


@pytest.mark.parametrize("packet", ["4abc", "42{}", "9", "no packet"])
async def test_a_packet_that_is_none(servers, bob, packet):
    client = await open_client(servers[0], bob, Wire.SOCKETIO)

    client.send(packet)

    assert await told(client) == (4104, "protocol_violation")


@pytest.mark.parametrize("wire", list(TALKING))
async def test_a_frame_against_the_websocket_protocol(servers, bob, wire):
    client = await open_client(servers[0], bob, wire)

    client.send("reserved", opcode=0xC1)

    assert await told(client) == (4104, "protocol_violation")


async def test_a_client_that_does_not_answer_the_heartbeat(impatient, bob):
    client = await open_client(impatient, bob, Wire.SOCKETIO)
    client.answers_pings = False

    assert await told(client) == (4003, "ping_timeout")


async def test_a_client_that_does_not_say_who_it_is(impatient):
    client = await open_socket(impatient)

    assert await told(client) == (4100, "authentication_timeout")
    assert client.close_code == 4100


async def test_a_client_that_speaks_before_it_says_who_it_is(servers):
    client = await open_socket(servers[0])
    await client.opened.wait()

    client.command(1, "stream:join", {"streamId": "1"})

    assert await told(client) == (4100, "authentication_required")


@pytest.mark.parametrize("wire", list(TALKING))
@pytest.mark.parametrize("kind", ["gateway", "uvicorn"])
async def test_a_client_that_reads_too_slowly_and_then_reads_on(start_server, kind, wire, bob):
    server = await start_server(kind, 0)
    client = await open_client(server, bob, wire, small=True)
    client.stop_reading()
    closed = (await server.counters())["slow_clients_closed"]

    async with asyncio.timeout(30):
        while (await server.counters())["slow_clients_closed"] == closed:
            await asyncio.to_thread(publish_pipeline, [large_event(bob.id, number) for number in range(20)])
    client.transport.resume_reading()

    assert await told(client) == (4001, "slow")
    (notice,) = client.events("session:closing")
    assert notice["retryAfterMs"] >= 1000
    if wire is Wire.WEBSOCKET:
        assert client.close_code == 4001


@pytest.mark.parametrize("wire", list(TALKING))
async def test_a_client_that_reads_no_more_is_cut(servers, wire, bob):
    client = await open_client(servers[0], bob, wire, small=True)
    client.stop_reading()
    server = servers[0]
    before = await server.counters()

    async with asyncio.timeout(30):
        while (await server.counters())["slow_clients_closed"] == before["slow_clients_closed"]:
            await asyncio.to_thread(publish_pipeline, [large_event(bob.id, number) for number in range(20)])

    async def it_is_gone() -> bool:
        return (await server.counters())["connections"] < before["connections"]

    await eventually(it_is_gone, SLOW_SECONDS)
    client.vanish()


async def test_a_polling_client_that_polls_too_seldom_is_told_at_its_next_poll(servers, bob):
    server = servers[0]
    async with aiohttp.ClientSession() as http:
        url = f"{server.url}/socket.io/?EIO=4&transport=polling"
        async with http.get(url) as response:
            sid = json.loads((await response.text())[1:])["sid"]

        async def poll() -> str:
            async with http.get(f"{url}&sid={sid}") as response:
                return await response.text()

        async with http.post(f"{url}&sid={sid}", data=f"40{json.dumps({'token': bob.token})}") as response:
            assert await response.text() == "ok"
        while "session:ready" not in await poll():
            pass
        closed = (await server.counters())["slow_clients_closed"]
        async with asyncio.timeout(30):
            while (await server.counters())["slow_clients_closed"] == closed:
                await asyncio.to_thread(publish_pipeline, [large_event(bob.id, number) for number in range(20)])

        last = await poll()

    assert last.startswith('42["session:closing",{"code":4001,"reason":"slow","retryAfterMs":')
    # What waited for it is gone.
    assert len(last) < 200


def large_event(user_id: str, number: int) -> RoomEvent:
    """A numbered event of 30 kB to a user."""
    small = event(user_room(user_id), number)
    body = json.dumps({"n": number, "pad": "x" * 30_000, "eventId": small.id})
    return RoomEvent(room=small.room, name=small.name, body=body, delivery=small.delivery, id=small.id)
