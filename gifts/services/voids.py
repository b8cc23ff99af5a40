"""Voiding a gift: the coins go back by a new transfer, and what they had decided is decided again."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.services import Actor, record
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.publish import publish
from gifts.events import GiftVoided
from gifts.models import AccountKind, Entry, Gift, SentGift, TransferKind
from gifts.services import combos, ledger, wallets
from gifts.services.ledger import Posting, Wallet
from og import services as og_services
from streams.rooms import stream_room
from streams.services import battles, rollups, throne, totals
from streams.services.lines import write_gift_lines
from streams.services.totals import Gifted


def void_gift(*, transfer_id: int, reason: str, actor: Actor, now: datetime | None = None) -> SentGift:
    """Take a gift back: coins, totals, throne, battle while it runs, tier progress; and announce the corrections.

    The sender gets all of it back. Of what the host has spent meanwhile, the platform bears the loss.

    Args:
        transfer_id: the gift's `transactionId`.
        reason: why, for the statement and the audit log.
        actor: who takes it back, for the audit log.
        now: the time it is.

    Raises:
        CommandError: `not_found`; `invalid_state` when it was voided before.
    """
    now = now or timezone.now()
    known = SentGift.objects.filter(transfer=transfer_id).first()
    if known is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    with transaction.atomic(durable=True):
        totals.hold_streams([known.stream_id])
        battles.void_points(source=f"gift:{transfer_id}", now=now)
        throne.lock_throne(stream_id=known.stream_id)
        # Only limited gifts have a stock, and only theirs are locked.
        Gift.objects.filter(pk=known.gift_id, stock__isnull=False).update(stock=F("stock") + known.quantity)
        held = ledger.lock_wallets([known.sender_id, known.recipient_id])
        sent = SentGift.objects.select_for_update(no_key=True).get(pk=known.pk)
        if sent.voided_at is not None:
            raise CommandError(ErrorCode.INVALID_STATE, "This gift was voided before")
        posting = _post(sent, held, reason, now)
        sent.voided_at, sent.void_reason, sent.void_transfer_id = now, reason, posting.id
        sent.save(update_fields=["voided_at", "void_reason", "void_transfer"])
        if sent.combo_id is not None:
            combo = combos.shrink(sent.combo_id, quantity=sent.quantity, cost=sent.cost)
            write_gift_lines([combos.line_of(combo, combo.gift, now)])
        totals.take_total(
            stream_id=sent.stream_id, user_id=sent.sender_id, less=Gifted(coins=sent.cost, gifts=sent.quantity)
        )
        og_services.take_progress(user_id=sent.sender_id, coins=sent.cost)
        publish(stream_room(str(sent.stream_id)), _voided(sent, now))
        throne.restore_throne(stream_id=sent.stream_id, now=now)
        wallets.tell_wallets([(wallet, posting) for wallet in held.values()], now)
        record(
            actor=actor,
            action="gift.void",
            target_kind="gifts.sentgift",
            target_id=str(sent.pk),
            before={"voided_at": None},
            after={"voided_at": now, "transfer": transfer_id, "void_transfer": posting.id, "coins": sent.cost},
            reason=reason,
        )
    rollups.roll_up(start=sent.created_at, end=sent.created_at)
    return sent


def _post(sent: SentGift, held: dict[int, Wallet], reason: str, now: datetime) -> Posting:
    """The gift's transfer backwards; what the host's accounts lack is the platform's loss."""
    sender, host = held[sent.sender_id], held[sent.recipient_id]
    entries = {entry.account_id: -entry.amount for entry in Entry.objects.filter(transfer=sent.transfer_id)}
    lost = 0
    for account, holds in ((host.coins_account, host.coins), (host.bonus_account, host.bonus)):
        missing = -entries.get(account, 0) - holds
        if missing > 0:
            entries[account] += missing
            lost += missing
    entries[ledger.platform(AccountKind.LOSSES)] = -lost
    sender.receive(coins=entries.get(sender.coins_account, 0), bonus=entries.get(sender.bonus_account, 0))
    host.receive(coins=entries.get(host.coins_account, 0), bonus=entries.get(host.bonus_account, 0))
    (transfer_id,) = ledger.next_ids(1)
    posting = Posting(
        id=transfer_id,
        key=f"void:{sent.transfer_id}",
        kind=TransferKind.VOID,
        entries=entries,
        reason=reason,
        reverses=sent.transfer_id,
    )
    ledger.post([posting], now)
    return posting


def _voided(sent: SentGift, now: datetime) -> GiftVoided:
    return GiftVoided(
        transaction_id=str(sent.transfer_id),
        sender_id=str(sent.sender_id),
        gift_id=sent.gift_id,
        quantity=sent.quantity,
        coin_cost=sent.cost,
        timestamp=iso(now),
        stream_id=str(sent.stream_id),
    )
