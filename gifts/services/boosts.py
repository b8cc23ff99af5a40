"""Boosts: paid from the wallet, worked by the battle, in one transaction."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import selectors as account_selectors
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode
from gateway.idempotency import Answer, CommandKey, earlier, remember
from gateway.identity import Identity
from gifts.events import BoostReceipt
from gifts.models import AccountKind, TransferKind
from gifts.services import ledger
from gifts.services.ledger import Posting
from moderation.restrictions import NONE, restrictions_of
from streams.events.battle import BoostType
from streams.selectors import StreamCard
from streams.services import battles
from streams.services.totals import hold_streams


def boost_battle(
    *,
    booster: Identity,
    card: StreamCard,
    kind: BoostType,
    amount: int,
    key: CommandKey | None = None,
    now: datetime | None = None,
) -> Answer:
    """Boost the stream's side of its battle, or, without a battle, its engagement.

    Raises:
        CommandError: `not_live`; `banned`; `insufficient_coins`; `invalid_state` when the boost would do nothing.
    """
    now = now or timezone.now()
    user_id, stream_id = int(booster.user_id), int(card.id)
    with transaction.atomic(durable=True):
        live = hold_streams([stream_id])
        running = battles.lock_running(live, now=now).get(stream_id)
        wallet = ledger.lock_wallets([user_id])[user_id]
        if key is not None and key in (answered := earlier([key])):
            return answered[key]
        _require_welcome(user_id, stream_id in live)
        restrictions_of([booster.user_id]).get(booster.user_id, NONE).require_welcome(card.id)
        battles.require_boost(running, stream_id=stream_id, kind=kind, now=now)
        payment = wallet.pay(amount)
        (transfer_id,) = ledger.next_ids(1)
        entries = {
            wallet.coins_account: -payment.coins,
            wallet.bonus_account: -payment.bonus,
            ledger.platform(AccountKind.REVENUE): payment.total,
        }
        ledger.post([Posting(transfer_id, f"boost:{transfer_id}", TransferKind.BOOST, entries)], now)
        battle = battles.boost(
            running,
            stream_id=stream_id,
            user_id=user_id,
            username=booster.username,
            kind=kind,
            coins=amount,
            source=f"boost:{transfer_id}",
            now=now,
        )
        receipt = BoostReceipt(transaction_id=str(transfer_id), coins=wallet.coins, bonus=wallet.bonus, battle=battle)
        answer = Answer(ok=True, body=encode(receipt).decode())
        if key is not None:
            remember({key: answer})
    return answer


def _require_welcome(user_id: int, is_live: bool) -> None:
    standing = account_selectors.standing([user_id]).get(user_id)
    if standing is None or not standing.is_welcome:
        raise CommandError(ErrorCode.BANNED)
    if not is_live:
        raise CommandError(ErrorCode.NOT_LIVE)
