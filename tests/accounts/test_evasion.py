"""A new account that shares a device or a network with a banned user is flagged; it is neither let in nor kept out."""

import secrets
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from accounts import services
from accounts.evasion import accounts_sharing_with
from accounts.models import EvasionFlag, Session, User
from gateway.database import in_database
from tests.people import PASSWORD, new_address, rest


def new_name() -> str:
    return f"erik_{secrets.token_hex(4)}"


def new_device() -> str:
    return f"device-{secrets.token_hex(8)}"


async def registers(server, address, device_id="") -> str:
    """Somebody new; returns their id."""
    fields = {"username": new_name(), "password": PASSWORD, **({"deviceId": device_id} if device_id else {})}
    answer = await rest(server, "POST", "auth/register/", json=fields, address=address)
    assert answer.status == 201
    return answer.body["user"]["id"]


async def flags(user_id) -> list[tuple[str, str]]:
    return [(str(flag.banned_id), flag.signal) async for flag in EvasionFlag.objects.filter(user=user_id)]


@pytest.fixture
async def banned(servers):
    """A banned user's id, device and address."""
    device, address = new_device(), "198.51.100.20"
    user_id = await registers(servers[0], new_address(), device)
    user = await User.objects.aget(pk=user_id)
    await sync_to_async(services.open_session)(user=user, user_agent="tests", address=address, device_id=device)
    await sync_to_async(services.ban)(user=user)
    yield user_id, device, address
    await User.objects.filter(pk=user_id).adelete()


async def test_the_same_device(servers, banned):
    banned_id, device, _ = banned

    assert await flags(await registers(servers[0], new_address(), device)) == [(banned_id, "device")]


async def test_the_same_network(servers, banned):
    banned_id, _, _ = banned

    assert await flags(await registers(servers[0], "198.51.100.77", new_device())) == [(banned_id, "network")]


async def test_neither(servers, banned):
    assert await flags(await registers(servers[0], "203.0.113.7", new_device())) == []
    assert await flags(await registers(servers[0], new_address())) == []


async def test_an_account_of_long_ago_is_not_new(servers, banned, bob):
    _, device, address = banned
    await User.objects.filter(pk=bob.user.pk).aupdate(date_joined=timezone.now() - timedelta(days=8))
    user = await User.objects.aget(pk=bob.user.pk)

    await sync_to_async(services.open_session)(user=user, user_agent="tests", address=address, device_id=device)

    assert await flags(bob.id) == []


async def test_signing_in_again_flags_nobody_twice(servers, banned):
    _, device, _ = banned
    user_id = await registers(servers[0], new_address(), device)
    user = await User.objects.aget(pk=user_id)

    await sync_to_async(services.open_session)(user=user, user_agent="tests", address=new_address(), device_id=device)

    assert len(await flags(user_id)) == 1


async def test_moderators_see_who_shares_what(servers):
    device, address = new_device(), new_address()
    one, other = await registers(servers[0], address, device), await registers(servers[0], new_address(), device)
    neighbour, stranger = await registers(servers[0], address), await registers(servers[0], new_address())

    linked = await in_database(lambda: accounts_sharing_with(User.objects.get(pk=one)))

    assert [(str(user.pk), signal) for user, signal in linked] == [(other, "device"), (neighbour, "network")]
    assert await in_database(lambda: accounts_sharing_with(User.objects.get(pk=stranger))) == []


async def test_a_device_makes_five_accounts_a_day(servers):
    device = new_device()
    for number in range(5):
        await registers(servers[number % 2], new_address(), device)

    fields = {"username": new_name(), "password": PASSWORD, "deviceId": device}
    answer = await rest(servers[0], "POST", "auth/register/", json=fields)

    assert (answer.status, answer.code) == (429, "rate_limited")
    await registers(servers[0], new_address(), new_device())


async def test_a_device_id_is_worth_nothing_to_whoever_signs_in(servers, banned):
    banned_id, device, _ = banned
    name = (await User.objects.aget(pk=banned_id)).username
    wrong = {"username": name, "password": "wrong", "deviceId": device}

    assert (await rest(servers[0], "POST", "auth/token/", json=wrong)).code == "invalid_credentials"


async def test_nothing_of_a_device_or_an_address_can_be_read_in_its_row(servers):
    device, address = new_device(), "203.0.113.99"
    session = await Session.objects.aget(user=await registers(servers[0], address, device))

    def row() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(s)::text FROM accounts_session s WHERE id = %s", [session.pk])
            return cursor.fetchone()[0]

    stored = await sync_to_async(row)()
    assert session.address == address
    assert device not in stored
    assert address not in stored
