"""The ledger: wallets are locked, transfers are written, balances follow by the database's own triggers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from django.db import connection

from gateway.errors import CommandError, ErrorCode
from gifts.models import Account, AccountKind, Entry, Transfer, TransferKind

_WALLET = (AccountKind.COINS, AccountKind.BONUS)


@dataclass(frozen=True, slots=True)
class Payment:
    """How a price was paid: bonus first, then coins."""

    coins: int
    bonus: int

    @property
    def total(self) -> int:
        return self.coins + self.bonus


@dataclass(slots=True)
class Wallet:
    """A user's locked accounts, and what they will hold when what was planned is posted."""

    user_id: int
    coins_account: int
    bonus_account: int
    coins: int
    bonus: int

    def pay(self, price: int) -> Payment:
        """Plan to take `price` out, bonus first.

        Raises:
            CommandError: `insufficient_coins`; nothing is planned then.
        """
        if price > self.coins + self.bonus:
            raise CommandError(ErrorCode.INSUFFICIENT_COINS)
        bonus = min(self.bonus, price)
        payment = Payment(coins=price - bonus, bonus=bonus)
        self.coins -= payment.coins
        self.bonus -= payment.bonus
        return payment

    def receive(self, coins: int = 0, bonus: int = 0) -> None:
        """Plan to put coins and bonus in."""
        self.coins += coins
        self.bonus += bonus


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer to be written. `id` comes from `next_ids`; entries of nothing are left out.

    Attributes:
        entries: what each account, by its id, gains or, below zero, loses.
    """

    id: int
    key: str
    kind: TransferKind
    entries: Mapping[int, int]
    reason: str = ""
    reverses: int | None = None
    moved: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "moved", {account: amount for account, amount in self.entries.items() if amount})
        assert sum(self.moved.values()) == 0, f"{self.key} does not balance"


@cache
def platform(kind: AccountKind) -> int:
    """The id of one of the platform's own accounts."""
    return Account.objects.get(user=None, kind=kind).pk


def lock_wallets(user_ids: Iterable[int]) -> dict[int, Wallet]:
    """The wallets of users, locked until the caller's transaction ends; those who have none get one.

    Accounts are locked in the order of their ids, so that two callers cannot wait for each other. Nothing
    that comes before accounts in the order of locks may be locked after this.
    """
    wanted = sorted(set(user_ids))
    found = _lock(wanted)
    missing = [user_id for user_id in wanted if len(found.get(user_id, {})) < len(_WALLET)]
    if missing:
        new = [Account(user_id=user_id, kind=kind) for user_id in missing for kind in _WALLET]
        Account.objects.bulk_create(new, ignore_conflicts=True)
        found |= _lock(missing)
    return {user_id: _wallet(user_id, found[user_id]) for user_id in wanted}


def next_ids(count: int) -> list[int]:
    """Ids for as many transfers, so that what tells of them can be written before they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('gifts_transfer', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def post(postings: Sequence[Posting], now: datetime) -> None:
    """Write transfers, whose users' wallets the caller has locked. Each must balance, or the commit fails.

    Raises:
        django.db.IntegrityError: a key was used before, or an account would go below zero.
    """
    Transfer.objects.bulk_create(
        Transfer(
            id=posting.id,
            key=posting.key,
            kind=posting.kind,
            reason=posting.reason,
            entry_count=len(posting.moved),
            reverses_id=posting.reverses,
            created_at=now,
        )
        for posting in postings
    )
    Entry.objects.bulk_create(
        Entry(transfer_id=posting.id, account_id=account, amount=amount)
        for posting in postings
        for account, amount in posting.moved.items()
    )


def is_posted(key: str) -> bool:
    """Whether the effect called `key` has happened. True only if the caller's locks keep it from happening now."""
    return Transfer.objects.filter(key=key).exists()


def _lock(user_ids: Sequence[int]) -> dict[int, dict[str, Account]]:
    accounts = Account.objects.select_for_update(no_key=True).filter(user_id__in=user_ids).order_by("id")
    found: dict[int, dict[str, Account]] = {}
    for account in accounts:
        assert account.user_id is not None
        found.setdefault(account.user_id, {})[account.kind] = account
    return found


def _wallet(user_id: int, accounts: Mapping[str, Account]) -> Wallet:
    coins, bonus = accounts[AccountKind.COINS], accounts[AccountKind.BONUS]
    return Wallet(user_id, coins.pk, bonus.pk, coins.balance, bonus.balance)
