"""Coins that come into wallets and leave them: grants, top-ups, bonuses, payouts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from audit.services import AUTOMATIC, Actor, record
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.publish import Announcement, publish_many
from gateway.rooms import user_room
from gifts.events import WalletChanged
from gifts.models import AccountKind, Payout, PayoutStatus, TopUp, Transfer, TransferKind
from gifts.services import ledger
from gifts.services.ledger import Posting, Wallet


def grant_coins(
    *,
    user_id: int,
    coins: int = 0,
    bonus: int = 0,
    key: str,
    reason: str,
    actor: Actor,
    now: datetime | None = None,
) -> Transfer:
    """Give a user coins or bonus of the platform's. The same `key` again changes nothing.

    Args:
        reason: why, for the statement and the audit log.
        actor: who gives them, for the audit log.

    Raises:
        CommandError: `invalid_amount` unless something positive is given.
    """
    if min(coins, bonus) < 0 or coins + bonus < 1:
        raise CommandError(ErrorCode.INVALID_AMOUNT)
    with transaction.atomic(durable=True):
        ledger.lock_wallets([user_id])
        earlier = Transfer.objects.filter(key=f"grant:{key}").first()
        if earlier is not None:
            return earlier
        transfer = _issue(user_id, f"grant:{key}", TransferKind.GRANT, coins, bonus, reason, now or timezone.now())
        _record(actor, "coins.grant", transfer, {"user": user_id, "coins": coins, "bonus": bonus}, reason)
    return transfer


def top_up(
    *, provider_id: str, user_id: int, coins: int, report: Mapping[str, Any], now: datetime | None = None
) -> TopUp:
    """Put bought coins into a wallet, once for each id of the provider's.

    Raises:
        CommandError: `invalid_amount`; `cid_reused` when the id was reported before for another user or amount.
    """
    if not 1 <= coins <= settings.TOP_UP_MAX_COINS:
        raise CommandError(ErrorCode.INVALID_AMOUNT)
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        ledger.lock_wallets([user_id])
        earlier = TopUp.objects.filter(provider_id=provider_id).first()
        if earlier is not None:
            if (earlier.user_id, earlier.coins) != (user_id, coins):
                raise CommandError(ErrorCode.CID_REUSED)
            return earlier
        transfer = _issue(user_id, f"top_up:{provider_id}", TransferKind.TOP_UP, coins, 0, "", now)
        top_up = TopUp.objects.create(
            provider_id=provider_id,
            user_id=user_id,
            coins=coins,
            transfer=transfer,
            report=dict(report),
            created_at=now,
        )
        _record(AUTOMATIC, "coins.top_up", top_up, {"user": user_id, "coins": coins, "transfer": transfer.pk})
    return top_up


def pay_bonus(*, bonuses: Mapping[str, tuple[int, int]], now: datetime) -> None:
    """Put daily bonuses into wallets, by key a user and an amount, in the caller's transaction.

    The caller has made sure, by rows of its own in that transaction, that none of them was paid before.
    """
    wallets = ledger.lock_wallets(user_id for user_id, _ in bonuses.values())
    postings = []
    for transfer_id, (key, (user_id, coins)) in zip(ledger.next_ids(len(bonuses)), bonuses.items(), strict=True):
        wallets[user_id].receive(bonus=coins)
        postings.append(_issuing(transfer_id, wallets[user_id], key, TransferKind.OG_BONUS, 0, coins, ""))
    ledger.post(postings, now)
    last = {user_id: posting for posting, (user_id, _) in zip(postings, bonuses.values(), strict=True)}
    tell_wallets([(wallets[user_id], posting) for user_id, posting in last.items()], now)


def request_payout(*, user_id: int, coins: int, key: str, now: datetime | None = None) -> Payout:
    """Ask for coins to be paid out; they leave the wallet at once. Bonus cannot be paid out. Once for each key.

    Raises:
        CommandError: `invalid_amount` below the least sum; `insufficient_coins`.
    """
    if coins < settings.PAYOUT_MIN_COINS:
        raise CommandError(ErrorCode.INVALID_AMOUNT)
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        wallet = ledger.lock_wallets([user_id])[user_id]
        earlier = Payout.objects.filter(transfer__key=_payout_key(user_id, key)).first()
        if earlier is not None:
            if earlier.coins != coins:
                raise CommandError(ErrorCode.CID_REUSED)
            return earlier
        if coins > wallet.coins:
            raise CommandError(ErrorCode.INSUFFICIENT_COINS)
        (transfer_id,) = ledger.next_ids(1)
        entries = {wallet.coins_account: -coins, ledger.platform(AccountKind.PAYOUTS): coins}
        posting = Posting(transfer_id, _payout_key(user_id, key), TransferKind.PAYOUT, entries)
        ledger.post([posting], now)
        payout = Payout.objects.create(user_id=user_id, coins=coins, transfer_id=transfer_id, requested_at=now)
        _record(Actor.api(user_id), "payout.request", payout, {"coins": coins, "transfer": transfer_id})
    return payout


def decide_payout(*, payout_id: int, paid: bool, actor: Actor, reason: str = "", now: datetime | None = None) -> Payout:
    """Note that a payout was paid, or refuse it, which gives the coins back.

    Args:
        actor: who decides, for the audit log.

    Raises:
        CommandError: `invalid_state` when it was decided before.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        payout = Payout.objects.get(pk=payout_id)
        wallet = ledger.lock_wallets([payout.user_id])[payout.user_id]
        payout = Payout.objects.select_for_update(no_key=True).get(pk=payout_id)
        if payout.status != PayoutStatus.REQUESTED:
            raise CommandError(ErrorCode.INVALID_STATE, "This payout was decided before")
        payout.status = PayoutStatus.PAID if paid else PayoutStatus.REFUSED
        payout.decided_at, payout.decided_by_id, payout.reason = now, actor.user_id, reason
        payout.save(update_fields=["status", "decided_at", "decided_by", "reason"])
        if not paid:
            (transfer_id,) = ledger.next_ids(1)
            wallet.receive(coins=payout.coins)
            posting = Posting(
                id=transfer_id,
                key=f"payout_refused:{payout.pk}",
                kind=TransferKind.PAYOUT_REFUSED,
                entries={wallet.coins_account: payout.coins, ledger.platform(AccountKind.PAYOUTS): -payout.coins},
                reason=reason,
                reverses=payout.transfer_id,
            )
            ledger.post([posting], now)
            tell_wallets([(wallet, posting)], now)
        record(
            actor=actor,
            action="payout.paid" if paid else "payout.refuse",
            target_kind="gifts.payout",
            target_id=str(payout.pk),
            before={"status": PayoutStatus.REQUESTED},
            after={"status": payout.status, "coins": payout.coins},
            reason=reason,
        )
    return payout


def tell_wallets(changes: list[tuple[Wallet, Posting]], now: datetime) -> None:
    """Tell users what somebody else did to their wallets, in the caller's transaction."""
    publish_many(
        Announcement(
            user_room(str(wallet.user_id)),
            WalletChanged(
                coins=wallet.coins,
                bonus=wallet.bonus,
                reason=posting.kind,
                timestamp=iso(now),
                transaction_id=str(posting.id),
            ),
        )
        for wallet, posting in changes
    )


def _issue(user_id: int, key: str, kind: TransferKind, coins: int, bonus: int, reason: str, now: datetime) -> Transfer:
    wallet = ledger.lock_wallets([user_id])[user_id]
    wallet.receive(coins=coins, bonus=bonus)
    (transfer_id,) = ledger.next_ids(1)
    posting = _issuing(transfer_id, wallet, key, kind, coins, bonus, reason)
    ledger.post([posting], now)
    tell_wallets([(wallet, posting)], now)
    return Transfer.objects.get(pk=transfer_id)


def _issuing(
    transfer_id: int, wallet: Wallet, key: str, kind: TransferKind, coins: int, bonus: int, reason: str
) -> Posting:
    entries = {
        wallet.coins_account: coins,
        wallet.bonus_account: bonus,
        ledger.platform(AccountKind.ISSUANCE): -coins - bonus,
    }
    return Posting(transfer_id, key, kind, entries, reason)


def _record(actor: Actor, action: str, row: Model, after: dict[str, int], reason: str = "") -> None:
    """Record a row that is new, last in the transaction that makes it."""
    kind = row._meta.label_lower
    record(actor=actor, action=action, target_kind=kind, target_id=str(row.pk), after=after, reason=reason)


def _payout_key(user_id: int, key: str) -> str:
    return f"payout:{user_id}:{key}"
