"""A live socket takes a new token and stays; one that does not is closed when its token runs out."""

import asyncio
from datetime import timedelta

from accounts import services
from gateway.testing import LIVE_TRANSPORTS, connected


def short_token(person, seconds):
    token = services.access_token(person.session)
    token.set_exp(lifetime=timedelta(seconds=seconds))
    return str(token)


async def test_a_socket_that_renews_its_token_outlives_the_old_one(servers, alice, bob, crowd):
    token = short_token(alice, 3)
    sockets = [
        await crowd.connect_with(servers[number % 2], token, transport)
        for number, transport in enumerate(LIVE_TRANSPORTS)
    ]
    idle = await crowd.connect_with(servers[0], short_token(bob, 3), "websocket")

    for socket in sockets:
        reply = await socket.call("auth:refresh", {"token": alice.token})
        assert reply.ok, reply.error
        assert reply.data["tokenExpiresAt"].endswith("Z")

    notice = await idle.wait_for("session:closing")
    assert (notice["code"], notice["reason"], notice["retryAfterMs"]) == (4002, "token_expired", 0)
    await asyncio.wait_for(idle.closed.wait(), 2)
    assert idle.close_code == 4002
    for socket in sockets:
        assert (await socket.call("stream:leave", {"streamId": "1"})).code == "not_joined"
        assert not socket.named("session:closing")


async def test_a_socket_takes_no_token_of_somebody_else(servers, live_transport, alice, bob, crowd):
    socket = await crowd.connect(servers[0], alice, live_transport)

    for token in (bob.token, "nonsense", alice.refresh):
        reply = await socket.call("auth:refresh", {"token": token})
        assert reply.error["message"] == "Invalid authentication token"
        assert reply.code == "invalid_token"


async def test_a_renewal_belongs_to_a_live_socket(servers, alice):
    async with connected(servers[0], "rest", alice.token) as client:
        reply = await client.call("auth:refresh", {"token": alice.token})

    assert reply.code == "connection_required"
