"""Registering, signing in, and who a token speaks of."""

import secrets

import pytest

from accounts import services
from gateway.database import in_database
from tests.people import PASSWORD, new_address, rest


def new_name() -> str:
    return f"dora_{secrets.token_hex(4)}"


async def test_registering_signs_in(servers):
    name = new_name()

    registered = await rest(servers[0], "POST", "auth/register/", json={"username": name, "password": PASSWORD})

    assert registered.status == 201
    assert registered.body["user"]["username"] == name
    me = await rest(servers[1], "GET", "auth/me/", token=f"Bearer {registered.body['access']}")
    assert me.body == registered.body["user"]
    assert set(me.body) == {"id", "username", "avatar", "ogLevel", "isModerator", "isStaff"}
    assert isinstance(me.body["id"], str)


async def test_the_password_is_never_told(servers, alice):
    answer = await rest(servers[0], "POST", "auth/token/", json={"username": alice.name, "password": PASSWORD})

    assert answer.status == 200
    assert "password" not in str(answer.body)
    assert PASSWORD not in str(answer.body)


@pytest.mark.parametrize("name", ["ab", "a" * 31, "with space", "<b>bold</b>", "", "emoji😀", "colon:7"])
async def test_a_name_that_could_not_be_mentioned_is_refused(servers, name):
    answer = await rest(servers[0], "POST", "auth/register/", json={"username": name, "password": PASSWORD})

    assert answer.status == 400
    assert answer.code == "invalid_payload"


@pytest.mark.parametrize("same", [str, str.upper], ids=["in the same letters", "in capitals"])
async def test_a_name_is_taken_once(servers, alice, same):
    answer = await rest(servers[0], "POST", "auth/register/", json={"username": same(alice.name), "password": PASSWORD})

    assert answer.status == 400
    assert answer.message == "Invalid payload: That name is taken."


@pytest.mark.parametrize("password", ["short", "password", "1234567890"])
async def test_a_weak_password_is_refused(servers, password):
    answer = await rest(servers[0], "POST", "auth/register/", json={"username": new_name(), "password": password})

    assert answer.status == 400
    assert answer.code == "invalid_payload"


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(servers, alice):
    for name in (alice.name, new_name()):
        answer = await rest(servers[0], "POST", "auth/token/", json={"username": name, "password": "not the password"})
        assert answer.status == 401
        assert answer.code == "invalid_credentials"
        assert answer.message == "Wrong username or password"


async def test_a_banned_user_cannot_sign_in(servers, alice):
    await in_database(services.ban, user=alice.user)

    answer = await rest(servers[0], "POST", "auth/token/", json={"username": alice.name, "password": PASSWORD})

    assert answer.status == 403
    assert answer.code == "banned"


async def test_guessing_passwords_is_slowed_down_over_both_processes(servers, alice):
    address = new_address()
    guess = {"username": alice.name, "password": "a guess"}
    answers = [
        await rest(servers[number % 2], "POST", "auth/token/", json=guess, address=address) for number in range(11)
    ]

    assert [answer.status for answer in answers] == [401] * 10 + [429]
    assert answers[-1].message.startswith("Rate limit exceeded. Try again in ")
    assert answers[-1].body["error"]["retryAfter"] > 0


async def test_a_request_with_fields_missing_or_of_the_wrong_kind_is_refused(servers):
    for body in ({}, {"username": "dora"}, {"username": ["dora"], "password": {}}, [], "dora", None):
        answer = await rest(servers[0], "POST", "auth/token/", json=body)
        assert answer.status == 400, body
        assert answer.code == "invalid_payload", body
