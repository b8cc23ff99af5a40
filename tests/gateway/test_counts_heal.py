"""Counts that all processes share come right again, whatever dies or is away meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway import presence as presence_module
from gateway.presence import DEAD_AFTER_SECONDS, Presence, total
from gateway.redis_clients import sync_redis
from tests.gateway.kernel import clients_of, until
from tests.gateway.own_redis import OwnRedis


@pytest.fixture
async def redis(redis_of_our_own: OwnRedis) -> AsyncIterator[OwnRedis]:
    async with clients_of(redis_of_our_own):
        yield redis_of_our_own


@asynccontextmanager
async def living() -> AsyncIterator[Presence]:
    """A process that lives until the end."""
    process = Presence()
    beating = asyncio.ensure_future(process.beat())
    try:
        await until(lambda: process.process in alive())
        yield process
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await settled(process)


async def settled(process: Presence) -> None:
    """Wait until nothing is about to be stated."""
    while process._settling is not None:
        await process._settling


def alive() -> set[str]:
    return set(sync_redis().zrangebyscore(presence_module.PROCESSES, time.time(), "+inf"))


async def test_a_total_is_the_sum_of_all_processes_and_both_agree(redis):
    async with living() as one, living() as other:
        one.state("stream:1", 3)
        other.state("stream:1", 4)

        await until(lambda: total("stream:1") == 7)
        assert await one.totals(["stream:1"]) == await other.totals(["stream:1"]) == [7]


async def test_a_dead_process_counts_no_more(redis):
    async with living() as one, living() as dead:
        one.state("stream:1", 3)
        dead.state("stream:1", 4)
        await until(lambda: total("stream:1") == 7)

        # Its last beat was this long ago: what a killed process looks like, without the wait.
        redis.execute("ZINCRBY", presence_module.PROCESSES, int(-DEAD_AFTER_SECONDS - 1), dead.process)

        assert total("stream:1") == 3
        assert await one.totals(["stream:1"]) == [3]
        assert redis.execute("HKEYS", "tally:stream:1") == [one.process]


async def test_a_limit_holds_over_all_processes_however_many_enter_at_once(redis):
    async with living() as one, living() as other:
        entered = await asyncio.gather(
            *(process.enter("connections:7", 5) for process in (one, other) for _ in range(10))
        )

        assert sum(entered) == 5
        await until(lambda: total("connections:7") == 5)
        assert one.local("connections:7") + other.local("connections:7") == 5
        one.leave("connections:7") if one.local("connections:7") else other.leave("connections:7")
        await until(lambda: total("connections:7") == 4)
        assert await other.enter("connections:7", 5)


async def test_who_is_refused_is_counted_nowhere_even_when_the_count_was_stated_meanwhile(redis):
    async with living() as one, living() as other:
        assert await other.enter("connections:7", 1)
        entering = asyncio.ensure_future(one.enter("connections:7", 1))
        # Between the asking and the answer, everything is stated, as a heartbeat does.
        await asyncio.sleep(0)
        stating = asyncio.ensure_future(one.totals(["connections:7"]))

        assert await entering is False
        await stating

        await until(lambda: total("connections:7") == 1)


async def test_who_gives_up_entering_is_not_counted(redis):
    async with living() as one:
        entering = asyncio.ensure_future(one.enter("unauthenticated:x", 20))
        await asyncio.sleep(0)
        entering.cancel()
        await asyncio.gather(entering, return_exceptions=True)

        assert one.local("unauthenticated:x") == 0
        await until(lambda: total("unauthenticated:x") == 0)


async def test_a_count_that_falls_to_nothing_while_redis_refuses_falls_in_redis_too(redis):
    async with living() as process:
        assert await process.enter("connections:7", 5)
        assert total("connections:7") == 1
        redis.execute("ACL", "SETUSER", "default", "-@scripting")

        process.leave("connections:7")
        # This is tried, and refused.
        await settled(process)
        assert total("connections:7") == 1
        redis.execute("ACL", "SETUSER", "default", "+@scripting")

        await until(lambda: total("connections:7") == 0)


async def test_a_redis_that_lost_everything_is_told_all_counts_again(redis):
    async with living() as one:
        one.state("stream:1", 3)
        await until(lambda: total("stream:1") == 3)
        redis.kill()
        await redis.start()
        # What a process does when its bus is restored.
        one.restate()

        await until(lambda: total("stream:1") == 3)


async def test_whoever_enters_while_redis_is_away_is_held_to_this_process_own_count(redis):
    process = Presence()
    redis.kill()

    entered = [await process.enter("connections:7", 2) for _ in range(3)]

    assert entered == [True, True, False]
    await settled(process)
