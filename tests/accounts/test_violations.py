"""Ten refusals by a limit within ten minutes close the socket and keep its user out; moderators see each."""

import re

import pytest

from accounts.models import Violation
from gateway import violations
from gateway.errors import CommandError, ErrorCode
from gateway.testing import LIVE_TRANSPORTS, Refused, connected
from tests.people import closing, done, eventually, new_address, rest, say

SECONDS = 300


async def write_until_closed(client, stream) -> None:
    """Write faster than anybody may, until ten messages have been refused."""
    refused = 0
    while refused < 10:
        reply = await say(client, stream, "faster")
        refused += not reply.ok
        assert reply.ok or reply.code == "rate_limited"


async def rows(person) -> list[Violation]:
    return [row async for row in Violation.objects.filter(user=person.user).order_by("id")]


async def test_the_tenth_violation_closes_the_socket_and_keeps_the_user_out(
    servers, alice, bob, stream, crowd, live_transport
):
    client = await crowd.join(servers[0], bob, stream, live_transport)

    await write_until_closed(client, stream)

    notice = await closing(client)
    assert (notice["code"], notice["reason"]) == (4104, "too_many_violations")
    for transport in LIVE_TRANSPORTS:
        with pytest.raises(Refused) as refusal:
            async with connected(servers[1], transport, bob.token):
                pass
        assert refusal.value.error["data"]["code"] == "rate_limited"
        seconds = re.search(r"Try again in (\d+) seconds", refusal.value.error["message"])
        assert seconds
        assert SECONDS - 60 < int(seconds[1]) <= SECONDS
    answer = await rest(servers[0], "POST", "events/presence:get/", bob, json={"userIds": []})
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert (await crowd.connect(servers[1], alice)).named("session:closing") == []


async def test_it_is_the_same_over_rest_where_nothing_is_to_be_closed(servers, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob, "rest")

    await write_until_closed(client, stream)

    assert (await say(client, stream, "once more")).code == "rate_limited"
    with pytest.raises(Refused):
        async with connected(servers[1], "websocket", bob.token):
            pass


async def test_each_violation_is_a_row_that_moderators_see(servers, bob, stream, crowd):
    client = await crowd.join(servers[0], bob, stream)

    await write_until_closed(client, stream)

    async def all_are_there() -> bool:
        return len(await rows(bob)) == 10

    await eventually(all_are_there)
    found = await rows(bob)
    assert {(row.code, row.event, row.address) for row in found} == {("rate_limited", "chat:new", "127.0.0.1")}
    assert [row.blocked_seconds for row in found] == [0] * 9 + [SECONDS]


async def test_a_refusal_that_is_no_limits_is_no_violation(servers, bob, stream, crowd):
    client = await crowd.join(servers[0], bob, stream)

    for _ in range(12):
        assert (await client.call("chat:new", {"streamId": "x", "message": "hi", "type": "public"})).error
        assert (await client.call("nonsense", {})).code == "unauthorized_event"

    done(await client.call("presence:get", {"userIds": []}))
    assert await rows(bob) == []


async def test_an_address_that_signs_in_too_often_is_kept_out(servers):
    address = new_address()
    wrong = {"username": "nobody", "password": "wrong"}
    codes = [(await rest(servers[0], "POST", "auth/token/", json=wrong, address=address)).code for _ in range(20)]

    assert codes == ["invalid_credentials"] * 10 + ["rate_limited"] * 10
    with pytest.raises(CommandError) as refusal:
        await violations.require_welcome(address=address)
    assert refusal.value.code is ErrorCode.RATE_LIMITED
    assert (refusal.value.retry_after or 0) > SECONDS - 60
    await violations.require_welcome(address=new_address())
