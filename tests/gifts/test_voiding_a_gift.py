"""A void gives everything back by new rows, and decides again what the gift had decided."""

import pytest

from audit.services import AUTOMATIC
from gateway.database import in_database
from gateway.errors import CommandError
from gifts.models import Gift, SentGift, Transfer
from gifts.services.sending import GiftDraft
from gifts.services.voids import void_gift
from og.models import Progress
from streams.models import StreamTotal
from streams.selectors import find_card
from tests.coins import assert_ledger_holds, give, identity_of, send, wallet
from tests.gifts.test_sending_a_gift import make_gift, send_fresh
from tests.people import done, make_stream


async def gift_of(servers, crowd, person, stream, gift="crown", quantity=1):
    client = await crowd.connect(servers[0], person, "rest")
    return int(done(await send(client, stream, gift, quantity))["transactionId"])


async def test_everybody_has_again_what_they_had(servers, alice, bob, stream, crowd):
    await in_database(give, bob, 300, 50)
    host = await crowd.join(servers[1], alice, stream)
    transaction = await gift_of(servers, crowd, bob, stream)

    await in_database(void_gift, transfer_id=transaction, reason="a mistake", actor=AUTOMATIC)

    assert await in_database(wallet, bob) == (300, 50)
    assert await in_database(wallet, alice) == (0, 0)
    told = await host.wait_for("gift:voided")
    assert (told["transactionId"], told["coinCost"], told["senderId"]) == (str(transaction), 200, bob.id)
    assert (await host.wait_for("wallet:changed"))["coins"] == 0
    await host.wait_for("metrics:update", lambda data: data["metrics"]["gifts"] == 0 and data["metrics"]["status"])
    sent = await in_database(SentGift.objects.get, transfer=transaction)
    void = await in_database(Transfer.objects.get, pk=sent.void_transfer_id)
    assert (void.reverses_id, void.reason, sent.void_reason) == (transaction, "a mistake", "a mistake")
    assert (await in_database(StreamTotal.objects.get, stream=stream, user=bob.user)).coins == 0
    assert (await in_database(Progress.objects.get, user=bob.user)).coins == 0
    await in_database(assert_ledger_holds)


async def test_a_gift_is_voided_once(servers, rich, stream, crowd):
    transaction = await gift_of(servers, crowd, rich, stream)
    await in_database(void_gift, transfer_id=transaction, reason="once", actor=AUTOMATIC)
    with pytest.raises(CommandError, match="voided before"):
        await in_database(void_gift, transfer_id=transaction, reason="twice", actor=AUTOMATIC)
    with pytest.raises(CommandError, match="Not found"):
        await in_database(void_gift, transfer_id=10**12, reason="none", actor=AUTOMATIC)
    assert await in_database(wallet, rich) == (1000, 0)


async def test_what_the_host_has_spent_is_the_platforms_loss(servers, alice, rich, stream, charlie, crowd):
    transaction = await gift_of(servers, crowd, rich, stream)
    other = await in_database(make_stream, charlie)
    await gift_of(servers, crowd, alice, other, "rose", 10)

    await in_database(void_gift, transfer_id=transaction, reason="a refund", actor=AUTOMATIC)

    assert await in_database(wallet, rich) == (1000, 0)
    assert await in_database(wallet, alice) == (0, 0)
    assert await in_database(wallet, charlie) == (70, 0)
    await in_database(assert_ledger_holds)


async def test_a_limited_gift_is_back_in_stock(rich, stream):

    gift = await in_database(make_gift, stock=5)
    sender, card = await in_database(identity_of, rich), await in_database(find_card, str(stream.pk))
    await in_database(send_fresh, GiftDraft(sender, card, gift.pk, 4))
    sent = await in_database(SentGift.objects.get, gift=gift)
    assert (await in_database(Gift.objects.get, pk=gift.pk)).stock == 1

    await in_database(void_gift, transfer_id=sent.transfer_id, reason="a test", actor=AUTOMATIC)

    assert (await in_database(Gift.objects.get, pk=gift.pk)).stock == 5
