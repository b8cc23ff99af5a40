"""Buying OG tiers, and paying their daily bonuses: og decides what is owed, the ledger moves it."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import selectors as account_selectors
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode, iso
from gateway.idempotency import Answer, CommandKey, earlier, remember
from gateway.identity import Identity
from gifts.events import TierReceipt
from gifts.models import AccountKind, TransferKind
from gifts.services import ledger, wallets
from gifts.services.ledger import Posting, Wallet
from og import services as og_services
from og.selectors import Quote
from streams import whereabouts

_BATCH = 200


def buy_tier(*, buyer: Identity, level: int, key: CommandKey | None = None, now: datetime | None = None) -> Answer:
    """Buy a tier, renew it or upgrade to it, with what is unused of the old one credited.

    Raises:
        CommandError: `banned`; `not_found`; `invalid_state` for a lower tier than the user has;
            `insufficient_coins`.
    """
    now = now or timezone.now()
    user_id = int(buyer.user_id)
    streams = whereabouts.streams_of([user_id])[user_id]
    with transaction.atomic(durable=True):
        wallet = ledger.lock_wallets([user_id])[user_id]
        if key is not None and key in (answered := earlier([key])):
            return answered[key]
        standing = account_selectors.standing([user_id]).get(user_id)
        if standing is None or not standing.is_welcome:
            raise CommandError(ErrorCode.BANNED)
        quote = og_services.lock_quote(user_id=user_id, level=level, now=now)
        transfer_id = _pay(wallet, quote, now)
        membership = og_services.begin_membership(
            user_id=user_id, username=buyer.username, quote=quote, streams=streams, now=now
        )
        answer = Answer(ok=True, body=encode(_receipt(transfer_id, quote, wallet, membership.expires_at)).decode())
        if key is not None:
            remember({key: answer})
    return answer


def pay_daily_bonuses(*, now: datetime | None = None) -> int:
    """Pay every day's bonus that is owed, those of days nobody paid included. Returns how many days were paid.

    Safe to run anywhere, at any time and by several at once: a day is paid once a user.
    """
    now = now or timezone.now()
    paid = 0
    while users := og_services.members_with_bonus_due(now=now, limit=_BATCH):
        with transaction.atomic(durable=True):
            ledger.lock_wallets(users)
            due = og_services.take_bonuses(user_ids=users, now=now)
            bonuses = {f"og_bonus:{bonus.user_id}:{bonus.day}": (bonus.user_id, bonus.coins) for bonus in due}
            if bonuses:
                wallets.pay_bonus(bonuses=bonuses, now=now)
        paid += len(due)
    return paid


def _pay(wallet: Wallet, quote: Quote, now: datetime) -> int | None:
    payment = wallet.pay(quote.cost)
    if not payment.total:
        return None
    (transfer_id,) = ledger.next_ids(1)
    entries = {
        wallet.coins_account: -payment.coins,
        wallet.bonus_account: -payment.bonus,
        ledger.platform(AccountKind.REVENUE): payment.total,
    }
    ledger.post([Posting(transfer_id, f"og_tier:{transfer_id}", TransferKind.OG_TIER, entries)], now)
    return transfer_id


def _receipt(transfer_id: int | None, quote: Quote, wallet: Wallet, expires_at: datetime) -> TierReceipt:
    return TierReceipt(
        transaction_id=str(transfer_id) if transfer_id is not None else None,
        level=quote.tier.level,
        price=quote.tier.price,
        credit=quote.credit,
        paid=quote.cost,
        coins=wallet.coins,
        bonus=wallet.bonus,
        expires_at=iso(expires_at),
    )
