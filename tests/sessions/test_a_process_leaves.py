"""A process that is told to leave says so to load balancers first, to its clients next, and is gone in time."""

import asyncio
import signal

import aiohttp
import pytest

from gateway.database import in_database
from gateway.testing import LIVE_TRANSPORTS, Refused, connected
from gateway.testing_servers import server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import done, eventually, join, make_people, say
from tests.sessions.operators import Refusal, manage, name_of, processes

STOP_SECONDS = 30.0


async def readiness(server) -> int:
    """The status of `/readyz`."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/readyz") as response:
        return response.status


async def test_readiness_is_red_and_nobody_new_is_let_in_while_clients_are_still_served(alice, bob, stream, crowd):
    environment = {**SERVER_ENVIRONMENT, "STOP_DELAY_SECONDS": "4"}
    async with server_process("gateway", env=environment) as server:
        client = await crowd.join(server, alice, stream)
        assert await readiness(server) == 200
        server.process.send_signal(signal.SIGTERM)

        async def it_is_red() -> bool:
            return await readiness(server) == 503

        await eventually(it_is_red, 3)
        for transport in LIVE_TRANSPORTS:
            with pytest.raises((Refused, aiohttp.ClientError)):
                async with connected(server, transport, bob.token):
                    pass
        assert not client.named("session:closing")
        done(await say(client, stream, "still here"))

        assert (await client.wait_for("session:closing"))["code"] == 4000
        await asyncio.wait_for(server.process.wait(), STOP_SECONDS)


async def test_a_hundred_clients_are_each_told_another_time_spread_evenly_over_the_window(crowd):
    people = await in_database(make_people, 20)
    async with server_process("gateway", env=SERVER_ENVIRONMENT) as server:
        clients = await asyncio.gather(*(crowd.connect(server, person) for person in people for _ in range(5)))

        await asyncio.wait_for(server.stop(), STOP_SECONDS)

        waits = sorted([(await client.wait_for("session:closing"))["retryAfterMs"] for client in clients])
        assert len(set(waits)) == len(clients)
        # Each hundredth of the window has one.
        assert [int((wait - 500) / 95) for wait in waits] == list(range(100))


async def test_an_operator_drains_one_process_of_two_and_the_other_goes_on(servers, alice, bob, stream, crowd):
    stays = await crowd.join(servers[0], alice, stream)
    async with server_process("gateway", env=SERVER_ENVIRONMENT) as server:
        goes = await crowd.join(server, bob, stream)
        name = await name_of(server.process.pid)
        assert (await processes())[name] == 1

        said = await asyncio.wait_for(manage("drain", name), STOP_SECONDS)

        assert said == f"{name} is stopping\n{name} has left\n"
        assert (await goes.wait_for("session:closing"))["code"] == 4000
        await asyncio.wait_for(server.process.wait(), STOP_SECONDS)
        assert name not in await processes()
        assert "Traceback" not in server.log.read_text()
    again = await crowd.connect(servers[0], bob)
    await join(again, stream)
    done(await say(stays, stream, "welcome back"))
    await again.wait_for("chat:new", lambda data: data["message"] == "welcome back")
    assert not stays.named("session:closing")


async def test_a_name_that_is_nobodys_or_several_is_refused_and_nobody_leaves(servers):
    before = await processes()

    with pytest.raises(Refusal, match="No process matches nonsense"):
        await manage("drain", "nonsense")
    with pytest.raises(Refusal, match="Several processes match"):
        await manage("drain", ".")

    assert set(before) <= set(await processes())


async def test_a_drained_worker_of_several_on_one_port_is_replaced(alice, stream, crowd):
    known = set(await processes())
    async with server_process("gateway", env=SERVER_ENVIRONMENT, arguments=["--workers", "2"]) as server:

        async def workers() -> set[str]:
            return set(await processes()) - known

        async def there_are_two() -> bool:
            return len(await workers()) == 2

        await eventually(there_are_two, 30)
        one, other = sorted(await workers())

        await asyncio.wait_for(manage("drain", one), STOP_SECONDS)

        await eventually(there_are_two, 30)
        assert other in await workers()
        assert one not in await workers()
        client = await crowd.join(server, alice, stream)
        done(await say(client, stream, "served"))
