"""A socket is told before its token runs out, once a token, and is closed when it has and was not renewed."""

import asyncio
from datetime import timedelta

import pytest

from accounts import services
from gateway.connection import Connection
from gateway.expiry import NOTICE_SECONDS, Expiries
from gateway.hub import hub
from gateway.testing import WebSocketClient
from tests.gateway.kernel import Member
from tests.people import done

# After its token's end a socket lives no longer than this.
CLOSED_SECONDS = 25.0


def token_for(person, seconds):
    """An access token of the person's session that is good for this long."""
    token = services.access_token(person.session)
    token.set_exp(lifetime=timedelta(seconds=seconds))
    return str(token)


async def test_a_socket_is_told_and_then_closed(servers, live_transport, alice, crowd):
    client = await crowd.connect_with(servers[0], token_for(alice, 4), live_transport)

    assert 0 < (await client.wait_for("session:expiring"))["ttl"] <= 4
    notice = await client.wait_for("session:closing", seconds=4 + CLOSED_SECONDS)

    assert (notice["code"], notice["reason"], notice["retryAfterMs"]) == (4002, "token_expired", 0)
    await asyncio.wait_for(client.closed.wait(), 10)
    assert len(client.named("session:expiring")) == 1
    if isinstance(client, WebSocketClient):
        assert client.close_code == 4002


async def test_each_token_is_warned_of_once_however_often_it_is_sent(servers, live_transport, alice, crowd):
    client = await crowd.connect_with(servers[0], token_for(alice, 30), live_transport)
    await client.wait_for("session:expiring")
    next_token = token_for(alice, 20)

    for _ in range(3):
        done(await client.call("auth:refresh", {"token": next_token}))
    await client.wait_for("session:expiring", lambda data: data["ttl"] <= 20)
    done(await client.call("auth:refresh", {"token": token_for(alice, 3)}))

    await client.wait_for("session:closing", seconds=3 + CLOSED_SECONDS)
    assert len(client.named("session:expiring")) == 3


@pytest.fixture
async def member():
    """A connection this process knows, whose token ends a thousand seconds after the epoch."""
    member = Member()
    member.identity = ends_at(member, 1000.0)
    hub.add(member)
    yield member
    hub.remove(member)


def ends_at(member: Connection, when: float):
    """The member's identity by a token that ends then."""
    identity = member.identity
    return type(identity)(identity.user_id, identity.username, "", 0, identity.session_id, expires_at=when)


async def test_the_notice_comes_a_minute_before_the_end_and_not_again(member):
    expiries = Expiries()
    expiries.watch(member)

    expiries.run(1000 - NOTICE_SECONDS - 0.1)
    assert member.named("session:expiring") == []
    for now in (1000 - NOTICE_SECONDS, 970, 999.9):
        expiries.run(now)
    await member.until(lambda member: member.named("session:expiring"))

    assert [data["ttl"] for data in member.named("session:expiring")] == [60]
    assert not member.closing
    expiries.run(1000)
    assert member.close_code == 4002


async def test_a_renewed_token_is_the_only_one_that_counts(member):
    expiries = Expiries()
    expiries.watch(member)
    expiries.renew(member, ends_at(member, 2000.0))

    expiries.run(1999)
    await member.until(lambda member: member.named("session:expiring"))

    assert [data["ttl"] for data in member.named("session:expiring")] == [1]
    assert not member.closing


async def test_a_browser_without_a_token_is_left_alone(member):
    expiries = Expiries()
    member.identity = ends_at(member, 0.0)
    expiries.watch(member)

    expiries.run(1e12)

    assert not member.closing
