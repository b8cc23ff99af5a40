"""A gift is paid, shared, counted and announced, or refused with its stated error and nothing has changed."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import services as account_services
from gateway.database import in_database
from gifts import selectors
from gifts.models import Gift, SentGift, Transfer
from gifts.services.sending import GiftDraft, send_gifts
from og.models import Progress
from streams import services as stream_services
from streams.models import StreamTotal
from streams.selectors import find_card
from tests.coins import assert_ledger_holds, gifts_of, give, identity_of, send, wallet
from tests.people import done, eventually, make_person, make_stream


async def test_a_gift_is_paid_shared_counted_and_announced(servers, transport, alice, bob, stream, crowd):
    await in_database(give, bob, 100, 35)
    host = await crowd.join(servers[0], alice, stream)
    client = await crowd.connect(servers[1], bob, transport)

    receipt = done(await send(client, stream, "heart", 2))

    assert {"coinCost": 100, "coins": 35, "bonus": 0}.items() <= receipt.items()
    told = await host.wait_for("gift:sent")
    assert told["transactionId"] == receipt["transactionId"]
    assert (told["senderId"], told["recipientId"], told["giftName"], told["quantity"]) == (bob.id, alice.id, "Heart", 2)
    assert (told["coinCost"], told["rarity"]) == (100, "common")
    assert told["combo"] == receipt["combo"] == {"id": told["combo"]["id"], "count": 2, "total": 100, "ended": False}
    # 35 bonus and 65 coins were paid; the host gets 70 % of each, rounded down.
    assert await in_database(wallet, alice) == (45, 24)
    assert await in_database(wallet, bob) == (35, 0)
    total = await in_database(StreamTotal.objects.get, stream=stream, user=bob.user)
    assert (total.coins, total.gifts) == (100, 2)
    assert (await in_database(Progress.objects.get, user=bob.user)).coins == 100
    await host.wait_for("metrics:update", lambda data: (data["metrics"]["gifts"], data["metrics"]["coins"]) == (2, 100))
    await in_database(assert_ledger_holds)


async def test_the_same_cid_has_one_effect_and_one_answer(servers, transport, rich, charlie, stream, crowd):
    await in_database(give, charlie, 100)
    clients = [await crowd.connect(server, rich, transport) for server in servers]

    replies = [await send(client, stream, "rose", 3, cid="once") for client in (*clients, *clients)]

    assert [done(reply) for reply in replies] == [replies[0].data] * 4
    assert (await send(clients[0], stream, "rose", 4, cid="once")).code == "cid_reused"
    other = await crowd.connect(servers[0], charlie, transport)
    assert done(await send(other, stream, "rose", 3, cid="once"))["transactionId"] != replies[0].data["transactionId"]
    assert len(await in_database(gifts_of, stream)) == 2
    assert await in_database(wallet, rich) == (970, 0)


async def test_two_retries_at_once_have_one_effect(servers, rich, stream, crowd):
    clients = [await crowd.connect(servers[number % 2], rich) for number in range(4)]

    replies = await asyncio.gather(*(send(client, stream, "rose", 1, cid="at once") for client in clients))

    assert [done(reply) for reply in replies] == [replies[0].data] * 4
    assert await in_database(wallet, rich) == (990, 0)


@pytest.mark.parametrize(
    "quantity", [0, -1, 101, 10**6, 10**30, 1.5, "3", "three", None, True, [], {}], ids=lambda value: repr(value)[:12]
)
async def test_a_bad_quantity_is_refused(servers, transport, rich, stream, crowd, quantity):
    client = await crowd.connect(servers[0], rich, transport)
    reply = await send(client, stream, "rose", quantity)
    assert (reply.code, reply.error["message"]) == ("invalid_amount", "Invalid amount")
    await nothing_happened(rich, stream)


async def test_a_missing_quantity_is_refused(servers, transport, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich, transport)
    reply = await client.call("gift:sent", {"streamId": str(stream.pk), "giftId": "rose"})
    assert (reply.code, reply.error["message"]) == ("invalid_amount", "Invalid amount")
    await nothing_happened(rich, stream)


@pytest.mark.parametrize("gift", ["no_such_gift", "ROSE", "1", "../rose", "rose' --"])
async def test_an_unknown_gift_is_refused(servers, transport, rich, stream, crowd, gift):
    client = await crowd.connect(servers[0], rich, transport)
    assert (await send(client, stream, gift)).code == "not_found"
    await nothing_happened(rich, stream)


@pytest.mark.parametrize("gift", [7, None, "", ["rose"], "x" * 41], ids=repr)
async def test_a_gift_id_that_is_none_is_refused(servers, rich, stream, crowd, gift):
    client = await crowd.connect(servers[0], rich)
    assert (await send(client, stream, gift)).code == "invalid_payload"
    await nothing_happened(rich, stream)


@pytest.mark.parametrize(
    ("stream_id", "code"), [("0", "invalid_stream"), ("x", "invalid_stream"), (7, "invalid_stream"),
                            ("999999999999", "invalid_stream")]
)  # fmt: skip
async def test_an_unknown_stream_is_refused(servers, transport, rich, crowd, stream_id, code):
    client = await crowd.connect(servers[0], rich, transport)
    reply = await client.call("gift:sent", {"streamId": stream_id, "giftId": "rose", "quantity": 1})
    assert reply.code == code
    assert await in_database(wallet, rich) == (1000, 0)


async def test_a_private_stream_of_others_is_refused(servers, alice, rich, crowd):
    hidden = await in_database(make_stream, alice, is_private=True)
    client = await crowd.connect(servers[0], rich)
    assert (await send(client, hidden)).error["message"] == "Access denied"
    await nothing_happened(rich, hidden)


async def test_a_stream_that_is_not_live_is_refused(servers, transport, alice, rich, stream, crowd):
    pending = await in_database(make_stream, alice, live=False)
    client = await crowd.connect(servers[0], rich, transport)
    assert (await send(client, pending)).code == "not_live"
    done(await send(client, stream))
    await in_database(stream_services.end_stream, stream=stream)
    assert (await send(client, stream)).code == "not_live"
    assert len(await in_database(gifts_of, stream)) == 1
    await nothing_happened(rich, pending, coins=990)


async def test_a_host_cannot_send_gifts_to_themselves(servers, alice, stream, crowd):
    await in_database(give, alice, 100)
    client = await crowd.connect(servers[0], alice)
    assert (await send(client, stream)).error["message"] == "Access denied"
    await nothing_happened(alice, stream, coins=100)


async def test_a_banned_sender_is_refused_even_in_the_middle_of_it(rich, stream):
    sender, card = await sync_to_async(identity_of)(rich), await in_database(find_card, str(stream.pk))
    await in_database(account_services.ban, user=rich.user)
    (answer,) = await in_database(send_gifts, drafts=[GiftDraft(sender, card, "rose", 1)])
    assert (answer.ok, '"code":"banned"' in answer.body) == (False, True)
    await nothing_happened(rich, stream)


async def test_a_banned_sender_has_no_way_in(servers, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich, "rest")
    await in_database(account_services.ban, user=rich.user)
    assert (await send(client, stream)).code in ("invalid_token", "banned")
    await nothing_happened(rich, stream)


async def test_who_is_too_poor_is_refused(servers, transport, bob, stream, crowd):
    await in_database(give, bob, 5, 4)
    client = await crowd.connect(servers[0], bob, transport)
    reply = await send(client, stream)
    assert (reply.code, reply.error["message"]) == ("insufficient_coins", "Insufficient coins")
    assert await in_database(wallet, bob) == (5, 4)


def make_gift(**fields):
    """A gift of its own for one test; the servers' catalog is a moment old, so it is new to them."""
    person = make_person("gift")
    return Gift.objects.create(
        **{"id": f"test_{person.id}", "name": "Test", "category": "super", "price": 10, **fields}
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"is_active": False}, "invalid_state"),
        ({"stock": 0}, "invalid_state"),
        ({"stock": 1}, "invalid_state"),
        ({"min_og_level": 3}, "access_denied"),
        ({"starts_on": timezone.now().date() + timedelta(days=2)}, "invalid_state"),
        ({"ends_on": timezone.now().date() - timedelta(days=2)}, "invalid_state"),
        ({"countries": ["FR"]}, "invalid_state"),
    ],
    ids=str,
)
async def test_a_gift_that_may_not_be_sent_is_refused(rich, stream, fields, code):
    gift = await in_database(make_gift, **fields)
    sender, card = await in_database(identity_of, rich), await in_database(find_card, str(stream.pk))

    answer = await in_database(send_fresh, GiftDraft(sender, card, gift.pk, 2))
    assert (answer.ok, f'"code":"{code}"' in answer.body) == (False, True), answer.body
    await nothing_happened(rich, stream)


async def test_a_limited_gift_is_sold_as_often_as_there_are_some(servers, rich, stream, crowd):
    gift = await in_database(make_gift, stock=3)
    clients = [await crowd.connect(servers[number % 2], rich) for number in range(4)]

    async def known() -> bool:
        return (await send(clients[0], stream, gift.pk, 100)).code != "not_found"

    await eventually(known)

    replies = await asyncio.gather(*(send(client, stream, gift.pk) for client in clients))

    assert sorted(reply.code for reply in replies) == ["", "", "", "invalid_state"]
    assert (await in_database(Gift.objects.get, pk=gift.pk)).stock == 0


async def test_a_festivals_gift_may_be_sent_in_its_days_and_countries(rich, alice):
    stream = await in_database(make_stream, alice, country="DE")
    today = timezone.now().date()
    gift = await in_database(make_gift, starts_on=today, ends_on=today, countries=["DE", "AT"])
    sender, card = await in_database(identity_of, rich), await in_database(find_card, str(stream.pk))
    answer = await in_database(send_fresh, GiftDraft(sender, card, gift.pk, 1))
    assert answer.ok, answer.body


async def test_a_gift_costs_a_fixed_number_of_queries(rich, stream):
    sender, card = await in_database(identity_of, rich), await in_database(find_card, str(stream.pk))

    def count(quantity: int) -> int:
        drafts = [GiftDraft(sender, card, "rose", 1) for _ in range(quantity)]
        with CaptureQueriesContext(connection) as queries:
            assert all(answer.ok for answer in send_gifts(drafts=drafts))
        return len(queries)

    await in_database(count, 1)
    one, twenty = await in_database(count, 1), await in_database(count, 20)
    assert one <= 20
    assert twenty == one


def send_fresh(draft):
    """Send with the catalog read anew."""
    selectors._catalog = (0.0, {})
    (answer,) = send_gifts(drafts=[draft])
    selectors._catalog = (0.0, {})
    return answer


async def nothing_happened(person, stream, coins=1000):
    assert await in_database(wallet, person) == (coins, 0)
    assert await in_database(gifts_of, stream) == []
    assert not await in_database(StreamTotal.objects.filter(stream=stream).exists)
    assert not await in_database(Transfer.objects.filter(gift__stream=stream).exists)
    assert not await in_database(SentGift.objects.filter(stream=stream).exists)
