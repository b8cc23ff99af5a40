"""Reading coins and gifts."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce, TruncMinute

from gifts.models import Account, AccountKind, Gift, Payout, SentGift, Transfer

_catalog: tuple[float, dict[str, Gift]] = (0.0, {})


def catalog() -> dict[str, Gift]:
    """All gifts by id, from this process's memory, at most a moment old."""
    global _catalog
    until, gifts = _catalog
    if until <= time.monotonic():
        gifts = {gift.pk: gift for gift in Gift.objects.all()}
        _catalog = (time.monotonic() + settings.GIFT_CATALOG_SECONDS, gifts)
    return gifts


def is_in_season(gift: Gift, country: str, day: date) -> bool:
    """Whether a festival's gift may be sent that day in a stream of that country; others always may."""
    if (gift.starts_on and day < gift.starts_on) or (gift.ends_on and day > gift.ends_on):
        return False
    return not gift.countries or country in gift.countries


# --- Wallets and statements -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: what a transfer did to a user's coins and bonus."""

    transfer_id: int
    at: datetime
    kind: str
    reason: str
    coins: int
    bonus: int


def balances(user_id: int) -> dict[str, int]:
    """A user's coins and bonus."""
    found = dict(Account.objects.filter(user=user_id).values_list("kind", "balance"))
    return {"coins": found.get(AccountKind.COINS, 0), "bonus": found.get(AccountKind.BONUS, 0)}


def statement(
    user_id: int, *, start: datetime | None = None, end: datetime | None = None, before: int | None = None
) -> Iterator[Line]:
    """What moved a user's coins and bonus, the newest first; read as it is needed.

    Args:
        start: from then on.
        end: before then.
        before: only transfers before this one.
    """
    transfers = Transfer.objects.filter(entries__account__user=user_id)
    if start is not None:
        transfers = transfers.filter(created_at__gte=start)
    if end is not None:
        transfers = transfers.filter(created_at__lt=end)
    if before is not None:
        transfers = transfers.filter(pk__lt=before)
    moved = {
        kind: Coalesce(Sum("entries__amount", filter=Q(entries__account__kind=kind)), 0)
        for kind in (AccountKind.COINS, AccountKind.BONUS)
    }
    lines = transfers.order_by("-id").values("id", "created_at", "kind", "reason")
    for line in lines.annotate(**{f"moved_{kind}": amount for kind, amount in moved.items()}).iterator(500):
        yield Line(
            line["id"], line["created_at"], line["kind"], line["reason"], line["moved_coins"], line["moved_bonus"]
        )


def payouts_of(user_id: int) -> list[Payout]:
    """A user's payout requests, the newest first."""
    return list(Payout.objects.filter(user=user_id)[:100])


# --- Statistics -----------------------------------------------------------------------------------


def gift_statistics(*, stream_id: int | None = None, sender_id: int | None = None) -> list[dict[str, Any]]:
    """How often each gift was sent and what it brought, in a stream or by a sender, the most coins first."""
    sent = SentGift.objects.filter(voided_at__isnull=True)
    if stream_id is not None:
        sent = sent.filter(stream=stream_id)
    if sender_id is not None:
        sent = sent.filter(sender=sender_id)
    counted = sent.values("gift", "gift__name").annotate(count=Sum("quantity"), coins=Sum("cost"))
    return [
        {"giftId": row["gift"], "name": row["gift__name"], "count": row["count"], "coins": row["coins"]}
        for row in counted.order_by("-coins", "gift")
    ]


def gifts_by_minute(start: datetime, end: datetime) -> dict[tuple[int, datetime], dict[str, int]]:
    """Gifts and coins by stream and minute, for the roll-ups of streams."""
    sent = SentGift.objects.filter(created_at__gte=start, created_at__lt=end, voided_at__isnull=True)
    rows = sent.annotate(minute=TruncMinute("created_at", tzinfo=UTC)).values("stream", "minute").order_by()
    return {
        (row["stream"], row["minute"]): {"gifts": row["gifts"], "coins": row["coins"]}
        for row in rows.annotate(gifts=Sum("quantity"), coins=Sum("cost"))
    }


# --- Is the ledger right? -------------------------------------------------------------------------

# Each finds what must not be there. The database keeps these rules itself; this is to prove it.
_PROOFS = {
    "transfers whose entries do not sum to zero": """
        SELECT transfer_id FROM gifts_entry GROUP BY transfer_id HAVING sum(amount) <> 0""",
    "transfers without all their entries": """
        SELECT t.id FROM gifts_transfer t LEFT JOIN gifts_entry e ON e.transfer_id = t.id
        GROUP BY t.id HAVING count(e.id) <> t.entry_count""",
    "wallets whose balance is not the sum of their entries": """
        SELECT a.id FROM gifts_account a LEFT JOIN gifts_entry e ON e.account_id = a.id
        WHERE a.user_id IS NOT NULL GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0)""",
    "wallets below zero": "SELECT id FROM gifts_account WHERE user_id IS NOT NULL AND balance < 0",
    "gifts whose transfer does not move their cost": """
        SELECT s.id FROM gifts_sentgift s LEFT JOIN gifts_entry e ON e.transfer_id = s.transfer_id
        LEFT JOIN gifts_account a ON a.id = e.account_id AND a.user_id = s.sender_id
        GROUP BY s.id HAVING coalesce(sum(e.amount) FILTER (WHERE a.id IS NOT NULL), 0) <> -s.cost""",
    "gift transfers without a gift": """
        SELECT t.id FROM gifts_transfer t LEFT JOIN gifts_sentgift s ON s.transfer_id = t.id
        WHERE t.kind = 'gift' AND s.id IS NULL""",
    "voided gifts without their reversal": """
        SELECT s.id FROM gifts_sentgift s LEFT JOIN gifts_transfer t ON t.id = s.void_transfer_id
        WHERE (s.voided_at IS NOT NULL) <> (t.reverses_id IS NOT DISTINCT FROM s.transfer_id AND t.id IS NOT NULL)""",
    "streams whose totals are not those of their gifts": """
        SELECT coalesce(t.id, 0) FROM streams_streamtotal t FULL JOIN (
          SELECT stream_id, sender_id, sum(cost) AS coins, sum(quantity) AS gifts FROM gifts_sentgift
          WHERE voided_at IS NULL GROUP BY 1, 2
        ) s ON s.stream_id = t.stream_id AND s.sender_id = t.user_id
        WHERE coalesce(t.coins, 0) <> coalesce(s.coins, 0) OR coalesce(t.gifts, 0) <> coalesce(s.gifts, 0)""",
}


def ledger_faults() -> Iterator[tuple[str, list[int]]]:
    """What must hold of the ledger and the ids of what breaks it, proof by proof; all at one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, query in _PROOFS.items():
            cursor.execute(query)
            yield name, [row[0] for row in cursor.fetchall()]
