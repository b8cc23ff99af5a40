"""Whoever is refused too often again and again is kept out twice as long each time, up to a day."""

from collections.abc import AsyncIterator

import pytest
from django.test import override_settings

from gateway.errors import CommandError, ErrorCode
from gateway.violations import note, require_welcome
from tests.gateway.kernel import clients_of
from tests.gateway.own_redis import OwnRedis

REFUSED = CommandError(ErrorCode.RATE_LIMITED, retry_after=1)
MINUTES = 60
DAY = 24 * 3600


@pytest.fixture
async def redis(redis_of_our_own: OwnRedis) -> AsyncIterator[OwnRedis]:
    async with clients_of(redis_of_our_own):
        yield redis_of_our_own


async def refused_often(times: int = 10, user_id: str = "7") -> list[float]:
    """For how long each of so many violations keeps the user out."""
    return [await note(REFUSED, user_id=user_id, address="198.51.100.7", event="chat:new") for _ in range(times)]


async def test_the_tenth_keeps_out_for_five_minutes_and_each_next_ten_for_twice_as_long_up_to_a_day(redis):
    blocks = [(await refused_often())[-1] for _ in range(11)]

    assert blocks == [min(5 * MINUTES * 2**times, DAY) for times in range(11)]
    assert blocks[-1] == DAY


async def test_nine_keep_nobody_out(redis):
    assert await refused_often(9) == [0] * 9

    await require_welcome(user_id="7")


async def test_those_of_others_do_not_count(redis):
    await refused_often(9)
    await refused_often(9, user_id="8")

    await require_welcome(user_id="7")
    await require_welcome(user_id="8")


@override_settings(GATEWAY_VIOLATION_SECONDS=0.001)
async def test_those_of_long_ago_do_not_count(redis):
    for _ in range(20):
        assert await refused_often(1) == [0]
        redis.execute("PING")


async def test_a_block_is_over_after_its_time(redis):
    await refused_often()
    with pytest.raises(CommandError):
        await require_welcome(user_id="7")
    assert 0 < int(str(redis.execute("PTTL", "blocked:user:7"))) <= 5 * MINUTES * 1000

    redis.execute("DEL", "blocked:user:7")

    await require_welcome(user_id="7")


async def test_a_household_is_kept_out_as_one(redis):
    for number in range(10):
        await note(REFUSED, address=f"2001:db8:1:2::{number}", event="connect")

    with pytest.raises(CommandError):
        await require_welcome(address="2001:db8:1:2:ffff::9")
    await require_welcome(address="2001:db8:1:3::9")


async def test_without_redis_nobody_is_kept_out(redis):
    await refused_often()
    redis.kill()

    await require_welcome(user_id="7")
    assert await refused_often() == [0] * 10
