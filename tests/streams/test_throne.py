"""The throne: who may sit there, one winner of any number of claims, and what becomes of it later."""

import asyncio
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import services as account_services
from audit.services import AUTOMATIC
from gateway.database import in_database
from gifts.services.voids import void_gift
from streams import services as stream_services
from streams.models import Reign
from streams.services import throne
from streams.services.totals import Gifted, add_totals
from tests.coins import give, send
from tests.people import done, make_people, rest


async def gift(servers, crowd, person, stream, gift="halo", quantity=1):
    """A gift of the person's, who is given the coins for it; returns its transaction."""
    await in_database(give, person, 5000)
    client = await crowd.connect(servers[0], person, "rest")
    return int(done(await send(client, stream, gift, quantity))["transactionId"])


async def claim(server, crowd, person, stream, transport="rest"):
    client = await crowd.connect(server, person, transport)
    return await client.call("throne:claimed", {"streamId": str(stream.pk)})


async def holder(server, stream):
    return (await rest(server, "GET", f"streams/{stream.pk}/throne/")).body["throne"]["holder"]


async def test_who_has_gifted_enough_sits_on_an_empty_throne(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    await gift(servers, crowd, bob, stream)

    answer = done(await claim(servers[0], crowd, bob, stream, transport))

    told = await host.wait_for("throne:claimed")
    assert {name: told[name] for name in answer} == answer
    assert (told["userId"], told["coins"], told["topGift"], told["previous"]) == (bob.id, 1000, 1000, None)
    assert (await holder(servers[0], stream))["userId"] == bob.id


@pytest.mark.parametrize("coins", [0, 950])
async def test_an_empty_throne_takes_a_thousand_coins(servers, bob, stream, crowd, coins):
    if coins:
        await gift(servers, crowd, bob, stream, "heart", coins // 50)
    reply = await claim(servers[0], crowd, bob, stream)
    assert (reply.code, reply.error["limits"]) == ("insufficient_coins", {"coins": 1000})
    assert await holder(servers[0], stream) is None


async def test_high_tiers_need_no_coins_for_an_empty_throne(servers, bob, charlie, stream, crowd):
    await in_database(account_services.set_og_level, user_id=charlie.user.pk, level=3)
    assert (await claim(servers[0], crowd, charlie, stream)).code == "insufficient_coins"
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=4)
    assert done(await claim(servers[0], crowd, bob, stream))["coins"] == 0


async def test_a_taken_throne_takes_a_tenth_more(servers, alice, bob, charlie, stream, crowd):
    await gift(servers, crowd, bob, stream)
    await gift(servers, crowd, charlie, stream)
    done(await claim(servers[0], crowd, bob, stream))
    assert (await claim(servers[0], crowd, charlie, stream)).error["limits"] == {"coins": 1100}
    await gift(servers, crowd, charlie, stream, "heart")
    assert (await claim(servers[0], crowd, charlie, stream)).code == "insufficient_coins"
    await gift(servers, crowd, charlie, stream, "heart")

    told = done(await claim(servers[1], crowd, charlie, stream))

    assert (told["userId"], told["previous"]["userId"]) == (charlie.id, bob.id)
    assert (await claim(servers[1], crowd, charlie, stream)).code == "invalid_state"
    history = (await rest(servers[0], "GET", f"streams/{stream.pk}/throne/")).body["reigns"]
    assert [(reign["userId"], reign["end"]) for reign in history] == [(charlie.id, ""), (bob.id, "claimed")]


async def test_everybody_is_told_what_a_claim_of_theirs_takes(servers, bob, charlie, stream, crowd):
    await in_database(account_services.set_og_level, user_id=charlie.user.pk, level=4)
    await gift(servers, crowd, bob, stream, "heart")

    async def mine(person):
        return (await rest(servers[1], "GET", f"streams/{stream.pk}/throne/", person)).body["mine"]

    assert await mine(bob) == {"coins": 50, "needed": 1000}
    assert await mine(charlie) == {"coins": 0, "needed": 0}
    assert await mine(None) is None


async def test_the_host_cannot_sit(servers, alice, stream, crowd):
    assert (await claim(servers[0], crowd, alice, stream)).error["message"] == "Access denied"


async def test_a_hundred_simultaneous_claims_have_one_winner(servers, stream, crowd):
    people = await in_database(make_people, 100)

    def enrich():
        with transaction.atomic():
            add_totals({(stream.pk, person.user.pk): Gifted(1000, 1) for person in people})
            # The row claims wait for is there, so that it is not its making that keeps them apart.
            throne.lock_throne(stream_id=stream.pk)

    await in_database(enrich)
    clients = [await crowd.connect(servers[number % 2], person, "rest") for number, person in enumerate(people)]

    replies = await asyncio.gather(*(client.call("throne:claimed", {"streamId": str(stream.pk)}) for client in clients))

    winners = [reply.data["userId"] for reply in replies if reply.ok]
    assert len(winners) == 1
    assert {reply.code for reply in replies if not reply.ok} == {"insufficient_coins"}
    reigns = await in_database(lambda: list(Reign.objects.filter(throne=stream.pk)))
    assert [(str(reign.user_id), reign.ended_at) for reign in reigns] == [(winners[0], None)]


async def test_a_voided_gift_gives_the_throne_back(servers, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    await gift(servers, crowd, bob, stream)
    done(await claim(servers[0], crowd, bob, stream))
    transaction = await gift(servers, crowd, charlie, stream, "halo", 2)
    done(await claim(servers[0], crowd, charlie, stream))

    await in_database(void_gift, transfer_id=transaction, reason="fraud", actor=AUTOMATIC)

    told = await host.wait_for("throne:claimed", lambda data: (data["previous"] or {}).get("userId") == charlie.id)
    assert (told["userId"], told["coins"]) == (bob.id, 1000)
    assert (await holder(servers[0], stream))["userId"] == bob.id


async def test_a_voided_gift_leaves_the_throne_empty_when_nobody_sat_there_before(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    transaction = await gift(servers, crowd, bob, stream)
    done(await claim(servers[0], crowd, bob, stream))
    await in_database(void_gift, transfer_id=transaction, reason="fraud", actor=AUTOMATIC)
    assert (await host.wait_for("throne:vacated"))["reason"] == "voided"
    assert await holder(servers[0], stream) is None


async def test_a_void_that_leaves_enough_leaves_the_holder(servers, bob, stream, crowd):
    await gift(servers, crowd, bob, stream)
    transaction = await gift(servers, crowd, bob, stream, "heart")
    done(await claim(servers[0], crowd, bob, stream))
    await in_database(void_gift, transfer_id=transaction, reason="a test", actor=AUTOMATIC)
    assert (await holder(servers[0], stream))["userId"] == bob.id


async def test_a_reign_ends_with_its_time(servers, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    await gift(servers, crowd, bob, stream)
    done(await claim(servers[0], crowd, bob, stream))

    await in_database(throne.expire_reigns, now=timezone.now() + timedelta(hours=25))

    told = await host.wait_for("throne:vacated")
    assert (told["userId"], told["reason"], told["reignSeconds"]) == (bob.id, "expired", 24 * 3600)


async def test_a_reign_ends_with_the_stream(servers, live_transport, alice, bob, charlie, stream, crowd):
    follower = await crowd.connect(servers[1], charlie, live_transport)
    watched = done(await follower.call("throne:watch", {"streamId": str(stream.pk)}))
    assert (watched["holder"], watched["needed"]) == (None, 1000)
    await gift(servers, crowd, bob, stream)
    done(await claim(servers[0], crowd, bob, stream))
    assert (await follower.wait_for("throne:claimed"))["userId"] == bob.id

    await in_database(stream_services.end_stream, stream=stream)

    assert (await follower.wait_for("throne:vacated"))["reason"] == "stream_ended"
    assert (await claim(servers[0], crowd, bob, stream)).code == "not_live"
