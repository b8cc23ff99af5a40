"""Who moves coins strangely comes before the moderators, once; who does what most do does not."""

import secrets
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services as account_services
from gateway.database import in_database
from gifts.services import wallets
from gifts.services.fraud import find_fraud
from moderation.models import Item
from tests.coins import give, send
from tests.people import done, make_stream


def buys(person, coins):
    wallets.top_up(provider_id=secrets.token_hex(8), user_id=person.user.pk, coins=coins, report={})


def wants(person, coins):
    wallets.request_payout(user_id=person.user.pk, coins=coins, key=secrets.token_hex(8))


async def found(person) -> list[list[str]]:
    """What the person is suspected of, after two looks."""
    await in_database(find_fraud)
    await in_database(find_fraud)
    items = Item.objects.filter(user=person.user, kind="fraud").order_by("id")
    return [item.categories async for item in items]


def share_a_device(*people):
    device = secrets.token_hex(8)
    for person in people:
        account_services.open_session(user=person.user, user_agent="tests", device_id=device)


async def test_coins_that_are_bought_and_wanted_back_as_money(bob, charlie):
    await in_database(buys, bob, 6000)
    await in_database(wants, bob, 3000)
    await in_database(buys, charlie, 6000)
    await in_database(wants, charlie, 2000)

    assert await found(bob) == [["top_up_then_payout"]]
    assert await found(charlie) == []


@pytest.mark.parametrize("are_linked", [True, False])
async def test_coins_that_go_to_and_fro_between_accounts_of_one_device(servers, alice, bob, stream, crowd, are_linked):
    theirs = await in_database(make_stream, bob)
    for giver, there in ((alice, theirs), (bob, stream)):
        await in_database(give, giver, 2000)
        client = await crowd.join(servers[0], giver, there)
        done(await send(client, there, "halo", 2))
    if are_linked:
        await in_database(share_a_device, alice, bob)

    expected = [["coins_in_a_circle"]] if are_linked else []
    assert await found(alice) == expected
    assert await found(bob) == expected


@pytest.mark.parametrize("devices", ["one", "one between two", "their own"])
async def test_coins_that_go_round_among_three_accounts(servers, alice, bob, charlie, mona, crowd, devices):
    people = (alice, bob, charlie)
    streams = {person: await in_database(make_stream, person) for person in (*people, mona)}
    for giver, host in ((alice, bob), (bob, charlie), (charlie, alice), (charlie, mona)):
        await in_database(give, giver, 2000)
        client = await crowd.join(servers[0], giver, streams[host])
        done(await send(client, streams[host], "halo", 2))
    shared = {"one": [(*people, mona)], "one between two": [(alice, bob), (bob, charlie), (charlie, alice)]}
    for group in shared.get(devices, ()):
        await in_database(share_a_device, *group)

    expected = [] if devices == "their own" else [["coins_in_a_circle"]]
    for person in people:
        assert await found(person) == expected
    assert await found(mona) == []


async def test_a_new_account_that_gives_very_much(servers, bob, charlie, stream, crowd):
    for person, quantity in ((bob, 20), (charlie, 19)):
        await in_database(give, person, 20_000)
        client = await crowd.join(servers[0], person, stream)
        done(await send(client, stream, "halo", quantity))

    assert await found(bob) == [["newcomer_gives_much"]]
    assert await found(charlie) == []


async def test_who_was_looked_at_is_left_in_peace_for_a_month(bob):
    await in_database(buys, bob, 6000)
    await in_database(wants, bob, 6000)
    assert len(await found(bob)) == 1
    await Item.objects.filter(user=bob.user).aupdate(outcome="show", decided_at=timezone.now())

    await in_database(lambda: find_fraud(now=timezone.now() + timedelta(hours=20)))
    assert len(await found(bob)) == 1
