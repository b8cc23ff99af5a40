"""Clients that poll are served by any of several workers behind one port: each request finds its session."""

import asyncio

import aiohttp
import pytest

from gateway.testing import SocketIOClient, server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import make_people

CLIENTS = 8


@pytest.fixture
def people():
    """One for each client."""
    return make_people(CLIENTS)


def without_keep_alive() -> aiohttp.ClientSession:
    """Makes each request over a connection of its own, which any worker may accept."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))


async def test_polling_and_upgrading_clients_find_their_worker(stream, people):
    stream_id = str(stream.pk)
    async with server_process(env=SERVER_ENVIRONMENT, arguments=["--workers", "2"]) as server:
        clients = [
            SocketIOClient(["polling"] if number % 2 else ["polling", "websocket"], without_keep_alive())
            for number in range(CLIENTS)
        ]
        try:
            for client, person in zip(clients, people, strict=True):
                await client.connect(server.url, person.token)
            for client in clients:
                assert (await client.call("stream:join", {"streamId": stream_id})).ok

            said = await asyncio.gather(
                *(
                    client.call("chat:new", {"streamId": stream_id, "message": f"number {number}", "type": "public"})
                    for number, client in enumerate(clients)
                )
            )

            assert all(reply.ok for reply in said)
            for client in clients:
                for reply in said:
                    await client.wait_for("chat:new", lambda data, wanted=reply.data["id"]: data["id"] == wanted)
            orders = {tuple(data["id"] for data in client.named("chat:new")) for client in clients}
            assert len(orders) == 1
            assert len(orders.pop()) == CLIENTS
        finally:
            for client in clients:
                await client.close()
