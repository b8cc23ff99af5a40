"""A refresh token is good once; used again, it is in two hands, and its session ends."""

import asyncio

from gateway.database import in_database
from tests.people import closing, rest, sign_in


async def refresh(server, token):
    return await rest(server, "POST", "auth/refresh/", json={"refresh": token})


async def test_a_refresh_token_is_traded_for_new_ones(servers, alice):
    answer = await refresh(servers[0], alice.refresh)

    assert answer.status == 200
    assert answer.body["refresh"] != alice.refresh
    me = await rest(servers[1], "GET", "auth/me/", token=answer.body["access"])
    assert me.body["id"] == alice.id
    again = await refresh(servers[1], answer.body["refresh"])
    assert again.status == 200


async def test_a_refresh_token_used_twice_ends_its_session_and_its_sockets_everywhere(servers, alice, crowd):
    sockets = [
        await crowd.connect(servers[0], alice, "socketio"),
        await crowd.connect(servers[1], alice, "polling"),
        await crowd.connect(servers[1], alice, "websocket"),
    ]
    fresh = (await refresh(servers[0], alice.refresh)).body

    stolen = await refresh(servers[1], alice.refresh)

    assert stolen.status == 401
    assert stolen.code == "invalid_token"
    for notice in await asyncio.gather(*map(closing, sockets)):
        assert notice["code"] == 4100
        assert notice["reason"] == "refresh_reused"
        assert notice["retryAfterMs"] is None
    for token in (alice.token, fresh["access"]):
        assert (await rest(servers[0], "GET", "auth/me/", token=token)).code == "invalid_token"
    assert (await refresh(servers[0], fresh["refresh"])).code == "invalid_token"


async def test_a_stolen_refresh_token_leaves_other_devices_alone(servers, alice, crowd):
    phone = await in_database(sign_in, alice.user)
    kept = await crowd.connect(servers[0], phone)
    gone = await crowd.connect(servers[0], alice)
    await refresh(servers[0], alice.refresh)
    await refresh(servers[0], alice.refresh)

    await closing(gone)
    assert (await rest(servers[0], "GET", "auth/me/", phone)).status == 200
    assert (await refresh(servers[0], phone.refresh)).status == 200
    assert not kept.named("session:closing")


async def test_of_two_refreshes_at_once_only_one_gets_tokens(servers, alice):
    answers = await asyncio.gather(*(refresh(server, alice.refresh) for server in servers))

    assert sorted(answer.status for answer in answers) == [200, 401]


async def test_other_tokens_do_not_refresh(servers, alice):
    for token in (alice.token, "", "nonsense", alice.refresh[:-4] + "AAAA"):
        answer = await refresh(servers[0], token)
        assert answer.status in (400, 401), token
        assert answer.code in ("invalid_token", "invalid_payload")
