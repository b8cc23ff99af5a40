"""Rate limits hold over all processes, by the generic cell rate algorithm, and by the household of an address."""

import asyncio
import math
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from django.test import override_settings

from gateway import limits
from gateway.errors import CommandError, ErrorCode
from gateway.limits import Bucket, address_key, spend
from tests.gateway.kernel import clients_of, run_python
from tests.gateway.own_redis import OwnRedis

SPENDER = """
import asyncio, sys
from gateway.errors import CommandError
from gateway.limits import Bucket, spend

async def main():
    allowed = 0
    for _ in range(int(sys.argv[2])):
        try:
            await spend([Bucket(sys.argv[1], 100, 3600)])
            allowed += 1
        except CommandError:
            pass
    print(allowed, flush=True)

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


@pytest.fixture
async def redis(redis_of_our_own: OwnRedis) -> AsyncIterator[OwnRedis]:
    async with clients_of(redis_of_our_own):
        yield redis_of_our_own


async def allowed(buckets: list[Bucket], times: int) -> int:
    """How many of `times` attempts are allowed."""
    count = 0
    for _ in range(times):
        try:
            await spend(buckets)
        except CommandError:
            continue
        count += 1
    return count


async def test_two_processes_together_spend_what_one_may(redis):
    processes = [await run_python(SPENDER, redis.url, "shared", 90) for _ in range(2)]
    for process in processes:
        assert process.stdout
        await process.stdout.readline()

    answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    counts = [int(output.decode()) for output, _ in answers]

    assert sum(counts) == 100
    assert all(count > 0 for count in counts)


async def test_a_burst_is_allowed_and_then_no_more(redis):
    bucket = Bucket("burst", 30, 3600)

    assert await allowed([bucket], 50) == 30


async def test_the_wait_told_is_the_time_until_one_more_is_allowed(redis):
    bucket = Bucket("wait", 3, 3600)
    assert await allowed([bucket], 3) == 3

    with pytest.raises(CommandError) as refused:
        await spend([bucket])

    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert refused.value.limits == {"events": 3, "seconds": 3600}
    assert refused.value.retry_after is not None
    assert math.isclose(refused.value.retry_after, 1200, rel_tol=0.05)
    assert refused.value.message == f"Rate limit exceeded. Try again in {round(refused.value.retry_after)} seconds"


async def test_a_bucket_refills_one_by_one(redis):
    # An interval of a tenth of a second: after a refusal and the wait it told, exactly one more is allowed.
    bucket = Bucket("refill", 2, 0.2)
    assert await allowed([bucket], 2) == 2
    with pytest.raises(CommandError) as refused:
        await spend([bucket])
    wait = refused.value.retry_after
    assert wait is not None
    assert wait <= 0.1

    async with asyncio.timeout(5):
        while await allowed([bucket], 1) == 0:
            pass


async def test_when_one_bucket_refuses_the_others_are_not_charged(redis):
    full, other = Bucket("full", 1, 3600), Bucket("other", 5, 3600)
    await spend([full])

    assert await allowed([other, full], 10) == 0
    assert await allowed([other], 10) == 5


async def test_the_full_bucket_says_what_it_is(redis):
    slow = Bucket("slow", 1, 60, ErrorCode.SLOW_MODE)
    await spend([slow])

    with pytest.raises(CommandError) as refused:
        await spend([Bucket("fast", 10, 60), slow])

    assert refused.value.code is ErrorCode.SLOW_MODE


async def test_a_bucket_left_alone_leaves_nothing_in_redis(redis):
    await spend([Bucket("gone", 10, 1)])

    assert 0 < int(str(redis.execute("PTTL", "limit:gone"))) <= 1000


async def test_without_redis_each_process_keeps_buckets_of_its_own(redis):
    redis.kill()
    bucket = Bucket(f"local:{uuid4().hex}", 3, 3600)

    assert await allowed([bucket], 5) == 3


@override_settings(GATEWAY_LIMITS_ENABLED=False)
async def test_no_limit_holds_where_limits_are_off(redis):
    assert await allowed([Bucket("off", 1, 3600)], 5) == 5


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002"),
        ("2001:db8:1:3::9", "2001:0db8:0001:0003"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_is_limited_by_its_household(address, key):
    assert address_key(address) == key


async def test_two_addresses_of_one_household_share_a_limit_and_a_neighbour_has_one_of_their_own(redis):
    def bucket(address: str) -> Bucket:
        return Bucket(f"connect:{limits.address_key(address)}", 2, 3600)

    assert await allowed([bucket("2001:db8:1:2::1")], 1) == 1
    assert await allowed([bucket("2001:db8:1:2:ffff::2")], 5) == 1
    assert await allowed([bucket("2001:db8:1:3::1")], 5) == 2
