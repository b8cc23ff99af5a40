"""Whoever moves the coins of others leaves an entry in the audit log, in the transaction that moves them."""

import secrets

import pytest
from django.db import transaction

from audit.models import Entry
from audit.services import AUTOMATIC, Actor
from gateway.database import in_database
from gateway.errors import CommandError
from gifts.models import SentGift, TopUp
from gifts.services import wallets
from gifts.services.voids import void_gift
from tests.coins import give, send, wallet
from tests.people import done, rest


def entries(kind, row_id):
    found = Entry.objects.filter(target_kind=kind, target_id=str(row_id)).order_by("id")
    return [(entry.action, entry.actor_id, entry.origin, entry.after, entry.reason) for entry in found]


async def test_a_void_says_who_and_why(servers, rich, mona, stream, crowd):
    client = await crowd.connect(servers[0], rich)
    transfer = int(done(await send(client, stream, "rose", 2))["transactionId"])

    staff = Actor.admin(mona.user.pk, "192.0.2.1")
    sent = await in_database(void_gift, transfer_id=transfer, reason="a chargeback", actor=staff)
    with pytest.raises(CommandError):
        await in_database(void_gift, transfer_id=transfer, reason="again", actor=staff)

    ((action, actor, origin, after, reason),) = await in_database(entries, "gifts.sentgift", sent.pk)
    assert (action, actor, origin, reason) == ("gift.void", mona.user.pk, "admin", "a chargeback")
    assert (after["transfer"], after["void_transfer"], after["coins"]) == (transfer, sent.void_transfer_id, 20)


async def test_a_void_that_is_undone_is_no_entry(servers, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich)
    transfer = int(done(await send(client, stream, "rose"))["transactionId"])

    def crash():
        process = transaction.atomic()
        # Services insist on being outermost, unless a test stands around them.
        process._from_testcase = True
        with process:
            void_gift(transfer_id=transfer, reason="a test", actor=AUTOMATIC)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await in_database(crash)
    sent = await in_database(SentGift.objects.get, transfer=transfer)
    assert await in_database(entries, "gifts.sentgift", sent.pk) == []


async def test_a_grant_is_an_entry_and_its_repetition_none(bob, mona):
    key = secrets.token_hex(4)
    for _ in range(2):
        grant = await in_database(
            wallets.grant_coins,
            user_id=bob.user.pk,
            bonus=5,
            key=key,
            reason="sorry",
            actor=Actor.admin(mona.user.pk, ""),
        )
    assert await in_database(wallet, bob) == (0, 5)
    assert await in_database(entries, "gifts.transfer", grant.pk) == [
        ("coins.grant", mona.user.pk, "admin", {"user": bob.user.pk, "coins": 0, "bonus": 5}, "sorry")
    ]


async def test_a_top_up_is_an_entry_and_its_repetition_none(bob):
    provider_id = secrets.token_hex(6)
    for _ in range(2):
        await in_database(wallets.top_up, provider_id=provider_id, user_id=bob.user.pk, coins=50, report={})
    row = await in_database(TopUp.objects.get, provider_id=provider_id)
    assert await in_database(entries, "gifts.topup", row.pk) == [
        ("coins.top_up", None, "automatic", {"user": bob.user.pk, "coins": 50, "transfer": row.transfer_id}, "")
    ]


@pytest.mark.parametrize(("paid", "decision"), [(True, "payout.paid"), (False, "payout.refuse")])
async def test_a_payout_is_an_entry_when_asked_for_and_when_decided(servers, bob, mona, paid, decision):
    await in_database(give, bob, 3000)
    for _ in range(2):
        asked = await rest(servers[0], "POST", "wallet/payouts/", bob, {"coins": 2000, "key": "p"})
    payout = int(asked.body["id"])
    staff = Actor.admin(mona.user.pk, "192.0.2.1")
    await in_database(wallets.decide_payout, payout_id=payout, paid=paid, actor=staff, reason="checked")

    request, decided = await in_database(entries, "gifts.payout", payout)

    assert (request[0], request[1], request[2]) == ("payout.request", bob.user.pk, "api")
    assert (decided[0], decided[1], decided[4]) == (decision, mona.user.pk, "checked")
