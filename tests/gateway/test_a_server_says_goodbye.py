"""A server that is told to stop tells each client when to come back, answers what it took, and is gone in time."""

import asyncio
import json

import aiohttp
import pytest
from django.db import connections

from accounts import services as account_services
from gateway.testing import LIVE_TRANSPORTS, WebSocketClient
from gateway.testing_servers import server_process
from gateway.wire import TALKING
from tests.conftest import SERVER_ENVIRONMENT
from tests.gateway.raw_clients import open_client, open_socket
from tests.people import Person, done, join, make_people

STOP_SECONDS = 30.0


@pytest.fixture
def people():
    """A few viewers."""
    return make_people(6)


async def test_every_client_is_told_when_to_come_back_before_it_is_closed(people, stream, crowd):
    async with server_process("gateway", env=SERVER_ENVIRONMENT) as server:
        clients = [
            await crowd.connect(server, person, LIVE_TRANSPORTS[number % len(LIVE_TRANSPORTS)])
            for number, person in enumerate(people)
        ]
        for client in clients:
            await join(client, stream)
        stranger = await open_socket(server)
        await stranger.opened.wait()

        await asyncio.wait_for(server.stop(), STOP_SECONDS)

        notices = [await client.wait_for("session:closing") for client in clients]
        assert {notice["code"] for notice in notices} == {4000}
        waits = [notice["retryAfterMs"] for notice in notices]
        assert len(set(waits)) == len(waits)
        assert all(0 < wait <= 10_000 for wait in waits)
        for client in clients:
            await asyncio.wait_for(client.closed.wait(), 10)
            if isinstance(client, WebSocketClient):
                assert client.close_code == 4000
        await asyncio.wait_for(stranger.lost.wait(), 10)
        assert stranger.close_code is not None
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("wire", list(TALKING))
async def test_commands_that_were_taken_are_answered_and_their_messages_kept(wire, mona, stream, servers, crowd):
    async with server_process("gateway", env=SERVER_ENVIRONMENT) as server:
        listener = await crowd.join(servers[0], mona, stream)
        client = await open_client(server, mona, wire)
        await client.join(stream.pk)
        count = 40
        for number in range(count):
            client.command(
                10 + number, "chat:new", {"streamId": str(stream.pk), "message": f"line {number}", "type": "public"}
            )
        await client.until(lambda client: 10 in client.answers())

        await asyncio.wait_for(server.stop(), STOP_SECONDS)

        await asyncio.wait_for(client.lost.wait(), 10)
        assert client.events("session:closing")
        acked = [reference for reference, answer in client.answers().items() if reference >= 10 and answer["ok"]]
        for reference in acked:
            await listener.wait_for("chat:new", lambda data, n=reference - 10: data["message"] == f"line {n}")
        assert acked == list(range(10, 10 + len(acked)))


async def test_a_client_that_does_not_read_does_not_hold_a_server_up(people, stream):
    async with server_process("gateway", env=SERVER_ENVIRONMENT) as server:
        client = await open_client(server, people[0], small=True)
        await client.join(stream.pk)
        client.stop_reading()

        await asyncio.wait_for(server.stop(), STOP_SECONDS)
        client.vanish()


async def test_several_workers_share_a_port_and_all_stop(people, stream, crowd):
    async with server_process("gateway", env=SERVER_ENVIRONMENT, arguments=["--workers", "2"]) as server:
        clients = [await crowd.join(server, person, stream) for person in people]
        for number, client in enumerate(clients):
            done(await client.call("chat:new", {"streamId": str(stream.pk), "message": f"{number}", "type": "public"}))
        for client in clients:
            await client.wait_for("chat:new", lambda data: data["message"] == str(len(clients) - 1))
        orders = {json.dumps([data["id"] for data in client.named("chat:new")]) for client in clients}
        assert len(orders) == 1

        await asyncio.wait_for(server.stop(), STOP_SECONDS)
        for client in clients:
            assert (await client.wait_for("session:closing"))["code"] == 4000


async def test_a_polling_client_between_two_polls_is_told_why_its_session_ends(servers, bob):
    async with aiohttp.ClientSession() as http:
        url = f"{servers[0].url}/socket.io/?EIO=4&transport=polling"
        async with http.get(url) as response:
            sid = json.loads((await response.text())[1:])["sid"]

        async def poll() -> str:
            async with http.get(f"{url}&sid={sid}") as response:
                assert response.status == 200, await response.text()
                return await response.text()

        async with http.post(f"{url}&sid={sid}", data=f"40{json.dumps({'token': bob.token})}") as response:
            assert await response.text() == "ok"
        heard = ""
        while "session:ready" not in heard:
            heard += await poll()

        await asyncio.to_thread(sign_out, bob)
        heard = ""
        while "session:closing" not in heard:
            heard += await poll()
        while not heard.endswith("1"):
            heard += "\x1e" + await poll()


def sign_out(person: Person) -> None:
    """End the person's session, in a thread that leaves no connection behind."""
    try:
        account_services.sign_out(user=person.user, session_id=str(person.session.pk))
    finally:
        connections.close_all()
