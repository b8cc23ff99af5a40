"""A server whose Redis or PostgreSQL is away says so, refuses politely, and works by itself when it is back."""

import asyncio
from pathlib import Path

import aiohttp
import msgspec
import pytest
from django.db import connections, transaction

from gateway.database import in_database
from gateway.events import StreamLagging
from gateway.models import OutboxEvent
from gateway.publish import publish
from gateway.redis_clients import outage
from gateway.rooms import Room
from gateway.testing import Refused, WebSocketClient
from gateway.testing_servers import server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.gateway.kernel import Kernel, new_room, until
from tests.gateway.own_redis import OwnRedis
from tests.people import done, eventually, hear, join, rest, say


async def status_of(url: str) -> int:
    """The status of a GET."""
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        return response.status


async def test_a_server_that_starts_without_redis_starts_its_gateway_when_redis_comes(
    tmp_path: Path, bob, stream, crowd
):
    redis = OwnRedis(tmp_path)
    try:
        async with server_process("gateway", env={**SERVER_ENVIRONMENT, "REDIS_URL": redis.url}) as server:
            assert await status_of(f"{server.url}/healthz") == 200
            assert await status_of(f"{server.url}/readyz") == 503
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await crowd.connect(server, bob)
            assert await status_of(f"{server.url}/socket.io/?EIO=4&transport=polling") == 400
            refused = await rest(server, "POST", "events/chat:new/", bob, json={"streamId": "1", "message": "hi"})
            assert (refused.status, refused.code) == (503, "unavailable")

            await redis.start()

            async def is_ready() -> bool:
                return await status_of(f"{server.url}/readyz") == 200

            await eventually(is_ready)
            client = await crowd.join(server, bob, stream)
            done(await say(client, stream, "back again"))
            await hear(client, "back again")
            assert "Traceback" not in server.log.read_text()
    finally:
        redis.stop()


async def test_a_message_written_while_redis_is_away_is_kept_and_told_when_it_is_back(
    redis_of_our_own: OwnRedis, alice, bob, stream, crowd
):
    env = {**SERVER_ENVIRONMENT, "REDIS_URL": redis_of_our_own.url}
    async with server_process("gateway", env=env) as one, server_process("gateway", env=env) as other:
        speaker, listener = await crowd.join(one, alice, stream), await crowd.join(other, bob, stream)
        done(await say(speaker, stream, "before"))
        await hear(listener, "before")
        redis_of_our_own.kill()

        answer = await say(speaker, stream, "meanwhile")

        assert answer.ok or answer.code == "unavailable"
        await redis_of_our_own.start()
        await listener.wait_for("room:reset")

        async def is_told() -> bool:
            joined = await join(listener, stream)
            messages = [message["message"] for message in joined["snapshot"]["messages"]]
            return messages == (["before", "meanwhile"] if answer.ok else ["before"])

        assert await is_told()
        done(await say(speaker, stream, "after"))
        await hear(listener, "after")
        assert [data["message"] for data in listener.named("chat:new")].count("after") == 1


async def test_what_waited_for_redis_is_announced_before_what_comes_later(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    kernel.redis.kill()
    for number in range(3):
        await asyncio.to_thread(announce, room, number)
    await kernel.redis.start()
    await until(lambda: not outage.is_expected)

    await asyncio.gather(*(asyncio.to_thread(announce, room, number) for number in range(3, 13)))

    def all_are_announced() -> bool:
        return not OutboxEvent.objects.filter(room=room.wire, published_at=None).exists()

    await eventually(lambda: in_database(all_are_announced))
    rows = await in_database(lambda: list(OutboxEvent.objects.filter(room=room.wire).order_by("seq")))
    assert [msgspec.json.decode(row.body)["dropped"] for row in rows[:3]] == [0, 1, 2]
    assert [row.seq for row in rows] == list(range(1, 14))


def announce(room: Room, number: int) -> None:
    """Announce an event in a thread that leaves no connection behind."""
    try:
        with transaction.atomic(durable=True):
            publish(room, StreamLagging(dropped=number))
    finally:
        connections.close_all()


async def test_without_postgresql_clients_are_asked_to_come_back_and_not_to_sign_in_again(bob):
    env = {**SERVER_ENVIRONMENT, "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none"}
    async with server_process("gateway", env=env) as server:
        client = WebSocketClient()
        with pytest.raises(Refused) as refused:
            await client.connect(server.url, bob.token)
        assert refused.value.error["data"]["code"] == "unavailable"
        await client.closed.wait()
        assert client.close_code == 4003
        await client.close()

        answer = await rest(server, "POST", "events/chat:new/", bob, json={"streamId": "1", "message": "hi"})
        assert (answer.status, answer.code) == (503, "unavailable")
