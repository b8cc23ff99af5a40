"""Coins for tests: who has them, who sends them, and whether the ledger still holds."""

import secrets
from typing import Any

from django.db import connection

from accounts.models import User
from audit.services import AUTOMATIC
from gateway.identity import Identity
from gateway.testing import Client, Reply
from gifts.models import Account, AccountKind, Entry, SentGift, Transfer
from gifts.services.wallets import grant_coins
from streams.models import Stream
from tests.people import Person


def give(person: Person, coins: int = 0, bonus: int = 0) -> None:
    """Put coins into the person's wallet."""
    grant_coins(
        user_id=person.user.pk, coins=coins, bonus=bonus, key=secrets.token_hex(8), reason="for a test", actor=AUTOMATIC
    )


def wallet(person: Person) -> tuple[int, int]:
    """The coins and the bonus the person has."""
    balances = dict(Account.objects.filter(user=person.user).values_list("kind", "balance"))
    return balances.get(AccountKind.COINS, 0), balances.get(AccountKind.BONUS, 0)


def identity_of(person: Person) -> Identity:
    """The person as a service knows them, read now."""
    user = User.objects.get(pk=person.user.pk)
    return Identity(str(user.pk), user.username, user.avatar, user.og_level, str(person.session.pk), user.is_moderator)


async def send(client: Client, stream: Stream, gift: str = "rose", quantity: Any = 1, **fields: Any) -> Reply:
    """Send a gift."""
    return await client.call("gift:sent", {"streamId": str(stream.pk), "giftId": gift, "quantity": quantity, **fields})


def gifts_of(stream: Stream) -> list[SentGift]:
    """The gifts of a stream that were not voided, oldest first."""
    return list(SentGift.objects.filter(stream=stream, voided_at=None).order_by("id"))


def assert_ledger_holds() -> None:
    """Every transfer sums to zero, every balance is the sum of its entries, no wallet is below zero."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT transfer_id FROM gifts_entry GROUP BY transfer_id HAVING sum(amount) <> 0")
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT a.id FROM gifts_account a LEFT JOIN gifts_entry e ON e.account_id = a.id"
            " WHERE a.user_id IS NOT NULL GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0) OR a.balance < 0"
        )
        assert cursor.fetchall() == []
    assert Transfer.objects.exclude(pk__in=Entry.objects.values("transfer")).count() == 0
    assert SentGift.objects.exclude(transfer__kind="gift").count() == 0
