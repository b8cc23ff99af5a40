"""Nobody comes from a barred device or network, over any transport or page, on any process, until it ends by itself."""

import secrets
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import barriers, services
from accounts.models import Barrier, User
from audit.selectors import entries_about
from audit.services import AUTOMATIC
from gateway.barriers import Barriers
from gateway.database import in_database
from gateway.testing import Refused, make_client
from moderation.models import Rung
from moderation.services import sanctions
from tests.people import CLOSING_SECONDS, PASSWORD, Person, closing, eventually, rest
from tests.sanctions.conftest import run_out, sanction

REASON = "Came back again."


@pytest.fixture
def household() -> str:
    """The prefix of a network nobody else uses."""
    # Without leading zeros, as addresses are told.
    return f"2001:db8:{secrets.randbelow(65535) + 1:x}:{secrets.randbelow(65535) + 1:x}::"


async def bar(**place):
    (barrier,) = await in_database(barriers.bar, actor=AUTOMATIC, reason=REASON, **place)
    return barrier


async def is_refused(server, person, address) -> bool:
    """Whether a request of the person from this address is refused because of where it comes from."""
    return (await rest(server, "GET", "auth/me/", person, address=address)).status == 403


async def on_all(servers, person, address) -> None:
    """Wait, no longer than is promised, until every process knows."""
    for server in servers:
        await eventually(lambda server=server: is_refused(server, person, address), CLOSING_SECONDS)


@asynccontextmanager
async def client_at(server, person, address, transport="websocket"):
    """A client of the person's at an address."""
    client = make_client(transport, {"X-Forwarded-For": address})
    try:
        await client.connect(server.url, person.token)
        yield client
    finally:
        await client.close()


async def test_a_barred_network_is_refused_over_every_transport(servers, transport, alice, household):
    address = f"{household}7"
    await bar(network=f"{household}/64")
    await on_all(servers, alice, address)

    if transport == "rest":
        async with client_at(servers[0], alice, address, transport) as client:
            assert (await client.call("presence:get", {"userIds": [alice.id]})).code == "banned"
        return
    with pytest.raises(Refused) as refused:
        async with client_at(servers[0], alice, address, transport):
            pass
    assert refused.value.error["data"]["code"] == "banned"


async def test_open_sockets_of_a_barred_network_close_on_every_process(servers, alice, bob, crowd, household):
    elsewhere = await crowd.connect(servers[0], bob)
    async with (
        client_at(servers[0], alice, f"{household}1") as one,
        client_at(servers[1], alice, f"{household}2") as two,
    ):
        await bar(network=f"{household}/64")

        assert [(await closing(tab))["code"] for tab in (one, two)] == [4101, 4101]
    assert not elsewhere.closed.is_set()


async def test_nobody_signs_in_or_registers_from_there(servers, alice, household):
    address = f"{household}7"
    await bar(network=address)
    await on_all(servers, alice, address)
    fields = {"username": f"erik_{secrets.token_hex(4)}", "password": PASSWORD}

    assert (await rest(servers[0], "POST", "auth/register/", json=fields, address=address)).code == "banned"
    assert not await User.objects.filter(username=fields["username"]).aexists()
    signing = {"username": alice.name, "password": PASSWORD}
    assert (await rest(servers[1], "POST", "auth/token/", json=signing, address=address)).code == "banned"
    assert (await rest(servers[1], "POST", "auth/token/", json=signing, address=f"{household}8")).status == 200


async def test_a_barred_device_signs_in_as_nobody(servers, alice, bob, crowd):
    device = f"device-{secrets.token_hex(8)}"
    tokens = await in_database(services.open_session, user=bob.user, user_agent="tests", device_id=device)
    tab = await crowd.connect(servers[1], Person(bob.user, tokens.session, tokens.access, tokens.refresh))

    await bar(device_id=device)

    assert (await closing(tab))["code"] == 4101
    for path, name in (("auth/token/", alice.name), ("auth/register/", f"erik_{secrets.token_hex(4)}")):
        fields = {"username": name, "password": PASSWORD, "deviceId": device}
        assert (await rest(servers[0], "POST", path, json=fields)).code == "banned"
    fields = {"username": alice.name, "password": PASSWORD, "deviceId": "another"}
    assert (await rest(servers[0], "POST", "auth/token/", json=fields)).status == 200


async def test_it_ends_by_itself(servers, alice, household):
    barrier = await bar(network=household, lasts=timedelta(hours=1))
    await on_all(servers, alice, household)

    await Barrier.objects.filter(pk=barrier.pk).aupdate(until=timezone.now())

    async def is_open() -> bool:
        return not await is_refused(servers[0], alice, household)

    await eventually(is_open, CLOSING_SECONDS)


async def test_the_last_rung_of_the_ladder_bars_devices_and_addresses_until_it_is_over(bob, mona, household):
    device = f"device-{secrets.token_hex(8)}"
    await in_database(
        services.open_session, user=bob.user, user_agent="tests", address=f"{household}7", device_id=device
    )
    issued = await sanction(bob, Rung.DEVICE_BAN, by=mona, lasts=timedelta(days=30))

    found = {barrier.kind: barrier async for barrier in Barrier.objects.filter(user=bob.user)}
    assert found["network"].network == f"{household}/64"
    assert found["device"].until == issued.until
    assert found["network"].until < timezone.now() + timedelta(days=7, minutes=1)

    await run_out(issued)
    assert not await in_database(lambda: barriers.in_force().filter(user=bob.user).exists())


async def test_a_lifted_ban_opens_the_device_again(bob, mona):
    await in_database(services.open_session, user=bob.user, user_agent="tests", device_id=secrets.token_hex(8))
    issued = await sanction(bob, Rung.DEVICE_BAN, by=mona)
    await in_database(sanctions.lift, actor=AUTOMATIC, sanction_id=issued.pk, reason=REASON)
    assert not await in_database(lambda: barriers.in_force().filter(user=bob.user).exists())


def test_a_command_bars_and_lifts_and_both_are_recorded(household, capsys):
    call_command("ban", "--ip", f"{household}/64", "--device", secrets.token_hex(8), "--minutes", "5")
    made = list(Barrier.objects.order_by("-pk")[:2])
    assert {barrier.kind for barrier in made} == {"device", "network"}
    call_command("unban", "--ip", f"{household}/64")
    network = next(barrier for barrier in made if barrier.network)
    assert [entry.action for entry in entries_about("accounts.barrier", str(network.pk))] == [
        "barrier.lift",
        "barrier.add",
    ]


@pytest.mark.parametrize(
    ("network", "why"),
    [("everywhere", "no network"), ("0.0.0.0/0", "too large"), ("2001::/16", "too large"), ("127.0.0.1", "our own")],
)
def test_what_would_shut_out_everybody_is_refused(network, why):
    with pytest.raises(CommandError, match=why):
        call_command("ban", "--ip", network)


@pytest.mark.parametrize("arguments", [[], ["bob", "--ip", "203.0.113.7"]])
def test_a_ban_is_of_a_user_or_of_places(arguments):
    with pytest.raises(CommandError, match="either"):
        call_command("ban", *arguments)


def test_an_address_is_looked_for_in_every_prefix():
    known = Barriers()
    known.replace([*map(barriers.checked, ("203.0.113.0/24", "198.51.100.7", "2001:db8:1::/48"))])

    inside = ("203.0.113.200", "198.51.100.7", "::ffff:203.0.113.9", "2001:db8:1:2::3")
    outside = ("203.0.114.1", "198.51.100.8", "2001:db8:2::1", "unknown")
    assert [known.bars(address) for address in inside] == [True] * 4
    assert [known.bars(address) for address in outside] == [False] * 4
