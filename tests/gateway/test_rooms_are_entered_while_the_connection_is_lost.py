"""Who enters a room in the moment the connection to Redis is lost is told to come again; nothing else breaks."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import RedisError

from gateway.channel_layer import GatewayChannelLayer, ShardConnection
from tests.gateway.kernel import until

# What `Hub` answers with `unavailable`.
REFUSALS = (RedisError, OSError, TimeoutError)


@pytest.fixture
async def connection(redis_of_our_own) -> AsyncIterator[ShardConnection]:
    """The connections of one process to Redis."""
    layer = GatewayChannelLayer([redis_of_our_own.url])
    loop_layer = layer._get_layer()
    await loop_layer.open()
    yield loop_layer._shards[0]
    await layer.flush()


async def test_each_subscription_is_made_or_refused_as_one_that_redis_did_not_take(connection):
    async def subscribe(number: int) -> Exception | None:
        try:
            await connection.subscribe(f"room {number}")
        except Exception as error:
            return error
        return None

    rooms = iter(range(1000))
    refused: list[Exception | None] = []
    for _ in range(10):
        before = [asyncio.ensure_future(subscribe(next(rooms))) for _ in range(5)]
        await asyncio.sleep(0)
        await connection._pubsub.connection.disconnect(nowait=True)
        after = [asyncio.ensure_future(subscribe(next(rooms))) for _ in range(5)]
        refused += await asyncio.gather(*before, *after)
        # Whatever was refused is wanted still, and is there when the connection is.
        await until(lambda: connection._confirmed >= connection._subscribed_to)

    assert [error for error in refused if error is not None and not isinstance(error, REFUSALS)] == []
