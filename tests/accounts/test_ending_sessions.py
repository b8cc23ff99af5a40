"""Whatever ends a session closes its sockets on every process within two seconds, and tells them why."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from accounts import services
from gateway.database import in_database
from gateway.testing import LIVE_TRANSPORTS, Refused, WebSocketClient, connected
from gateway.testing_servers import ServerProcess
from tests.people import PASSWORD, Person, closing, rest, sign_in

NEW_PASSWORD = "another battery, another horse"
End = Callable[[ServerProcess, Person], Awaitable[object]]


async def sign_out(server, person):
    assert (await rest(server, "POST", "auth/logout/", person)).status == 204


async def sign_out_everywhere(server, person):
    assert (await rest(server, "POST", "auth/logout-everywhere/", person)).status == 204


async def change_password_elsewhere(server, person):
    laptop = await in_database(sign_in, person.user)
    await change_password(server, laptop)


async def change_password(server, person):
    change = {"oldPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    assert (await rest(server, "POST", "auth/password/", person, change)).status == 204


async def ban(server, person):
    await in_database(services.ban, user=person.user)


ENDS = [
    (sign_out, 4100, "signed_out"),
    (sign_out_everywhere, 4100, "signed_out_everywhere"),
    (change_password_elsewhere, 4100, "password_changed"),
    (ban, 4101, "banned"),
]


@pytest.mark.parametrize(("end", "code", "reason"), ENDS, ids=[reason for _, _, reason in ENDS])
async def test_sockets_close_on_every_process_within_two_seconds(servers, alice, crowd, end, code, reason):
    sockets = [
        await crowd.connect(servers[0], alice, "socketio"),
        await crowd.connect(servers[0], alice, "websocket"),
        await crowd.connect(servers[1], alice, "socketio"),
        await crowd.connect(servers[1], alice, "polling"),
        await crowd.connect(servers[1], alice, "websocket"),
    ]

    await end(servers[0], alice)

    for notice in await asyncio.gather(*map(closing, sockets)):
        assert (notice["code"], notice["reason"], notice["retryAfterMs"]) == (code, reason, None)
    assert [socket.close_code for socket in sockets if isinstance(socket, WebSocketClient)] == [code, code]
    for transport in LIVE_TRANSPORTS:
        with pytest.raises(Refused, match="Invalid authentication token"):
            async with connected(servers[1], transport, alice.token):
                pass


@pytest.mark.parametrize("end", [sign_out, change_password, ban])
async def test_nobody_elses_sockets_close(servers, alice, bob, crowd, end):
    watcher = await crowd.connect(servers[1], bob)
    gone = await crowd.connect(servers[1], alice)

    await end(servers[0], await in_database(sign_in, alice.user) if end is change_password else alice)

    await closing(gone)
    assert not (await watcher.call("stream:leave", {"streamId": "1"})).ok
    assert not watcher.named("session:closing")


async def test_signing_out_on_one_device_leaves_the_other_signed_in(servers, alice, crowd):
    phone = await in_database(sign_in, alice.user)
    kept = await crowd.connect(servers[1], phone)
    gone = await crowd.connect(servers[1], alice)

    await sign_out(servers[0], alice)

    await closing(gone)
    assert (await rest(servers[0], "GET", "auth/me/", phone)).status == 200
    assert not kept.named("session:closing")


async def test_changing_the_password_keeps_the_device_it_was_changed_on(servers, alice, crowd):
    phone = await in_database(sign_in, alice.user)
    kept = await crowd.connect(servers[1], alice)
    gone = await crowd.connect(servers[1], phone)

    await change_password(servers[0], alice)

    assert (await closing(gone))["reason"] == "password_changed"
    assert (await rest(servers[0], "GET", "auth/me/", alice)).status == 200
    assert not kept.named("session:closing")
    credentials = {"username": alice.name, "password": NEW_PASSWORD}
    assert (await rest(servers[0], "POST", "auth/token/", json=credentials)).status == 200
    credentials["password"] = PASSWORD
    assert (await rest(servers[0], "POST", "auth/token/", json=credentials)).status == 401


async def test_the_old_password_is_asked_for(servers, alice):
    change = {"oldPassword": "a guess", "newPassword": NEW_PASSWORD}

    answer = await rest(servers[0], "POST", "auth/password/", alice, change)

    assert answer.code == "invalid_credentials"
    assert (await rest(servers[0], "GET", "auth/me/", alice)).status == 200


async def test_a_refresh_token_dies_with_its_session(servers, alice):
    await sign_out(servers[0], alice)

    answer = await rest(servers[1], "POST", "auth/refresh/", json={"refresh": alice.refresh})

    assert answer.code == "invalid_token"
