"""The database itself keeps the ledger's rules, whatever code writes to it."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from gateway.database import in_database
from gifts.models import Account, AccountKind, Entry, Transfer, TransferKind
from gifts.services import ledger
from gifts.services.ledger import Posting
from tests.coins import give, wallet


def entries(person, amount):
    held = ledger.lock_wallets([person.user.pk])[person.user.pk]
    return {held.coins_account: amount, ledger.platform(AccountKind.ISSUANCE): -amount}


def write(person, key, moved, count=None):
    """Write a transfer as it stands, past the checks of the code."""
    transfer = Transfer.objects.create(
        key=key, kind=TransferKind.GRANT, entry_count=count or len(moved), created_at=timezone.now()
    )
    Entry.objects.bulk_create(Entry(transfer=transfer, account_id=account, amount=a) for account, a in moved.items())
    return transfer


def refused(action):
    with pytest.raises(IntegrityError), transaction.atomic():
        action()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gifts_transfer SET reason = 'other'", "DELETE FROM gifts_transfer", "TRUNCATE gifts_transfer CASCADE",
        "UPDATE gifts_entry SET amount = amount + 1", "DELETE FROM gifts_entry", "TRUNCATE gifts_entry",
        "DELETE FROM gifts_account", "TRUNCATE gifts_account CASCADE", "UPDATE gifts_account SET balance = 10",
        "UPDATE gifts_account SET kind = 'bonus' WHERE kind = 'coins'",
        "INSERT INTO gifts_account (user_id, kind, balance) SELECT id, 'coins', 5 FROM accounts_user LIMIT 1",
    ],
)  # fmt: skip
async def test_what_is_written_stays_as_it_is(bob, statement):
    await in_database(give, bob, 10)

    def change():
        with connection.cursor() as cursor:
            cursor.execute(statement)

    await in_database(refused, change)
    assert await in_database(wallet, bob) == (10, 0)


async def test_a_transfer_that_does_not_balance_is_not_committed(bob):
    def unbalanced():
        moved = entries(bob, 10)
        write(bob, f"unbalanced:{bob.id}", {account: abs(amount) for account, amount in moved.items()})

    await in_database(refused, unbalanced)
    assert await in_database(wallet, bob) == (0, 0)


async def test_a_transfer_without_its_entries_is_not_committed(bob):
    await in_database(refused, lambda: write(bob, f"empty:{bob.id}", {}, count=2))
    await in_database(refused, lambda: write(bob, f"short:{bob.id}", entries(bob, 5), count=3))


async def test_nothing_is_added_to_a_transfer_later(bob, charlie):
    def prepare():
        with transaction.atomic():
            return write(bob, f"whole:{bob.id}", entries(bob, 5)), entries(charlie, 5)

    transfer, more = await in_database(prepare)

    def add():
        Entry.objects.bulk_create(
            Entry(transfer=transfer, account_id=account, amount=amount)
            for account, amount in (*list(more.items())[:1], (next(iter(entries(bob, 1))), -5))
        )

    await in_database(refused, add)


async def test_a_wallet_does_not_go_below_zero(bob):
    await in_database(give, bob, 5)
    await in_database(refused, lambda: write(bob, f"below:{bob.id}", entries(bob, -6)))
    assert await in_database(wallet, bob) == (5, 0)


async def test_a_key_is_used_once(bob):
    def twice():
        for _ in range(2):
            ids = ledger.next_ids(1)
            ledger.post([Posting(ids[0], f"twice:{bob.id}", TransferKind.GRANT, entries(bob, 5))], timezone.now())

    await in_database(refused, twice)
    assert await in_database(wallet, bob) == (0, 0)


async def test_an_entry_moves_something(bob):
    await in_database(refused, lambda: write(bob, f"nothing:{bob.id}", dict.fromkeys(entries(bob, 1), 0)))


async def test_accounts_are_of_a_user_or_of_the_platform(bob):
    for account in (Account(user=bob.user, kind="revenue"), Account(kind="coins"), Account(kind="revenue")):
        await in_database(refused, account.save)
