"""Sending gifts: paid, shared, counted and announced a batch at a time, all in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import selectors as account_selectors
from accounts.selectors import Standing
from gateway.dispatch import refusal
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode, iso
from gateway.idempotency import Answer, CommandKey, earlier, remember
from gateway.identity import Identity
from gateway.publish import Announcement, publish_many
from gifts import selectors
from gifts.events import GiftReceipt, GiftSent
from gifts.models import AccountKind, Gift, SentGift, TransferKind
from gifts.services import combos, ledger
from gifts.services.combos import Advance, Step
from gifts.services.ledger import Payment, Posting, Wallet
from moderation.restrictions import NONE, Restrictions, restrictions_of
from og import services as og_services
from streams.rooms import stream_room
from streams.selectors import StreamCard
from streams.services import battles, totals
from streams.services.battles import Gain
from streams.services.lines import GiftLine, write_gift_lines
from streams.services.totals import Gifted

_EVENT = "gift:sent"


@dataclass(frozen=True, slots=True)
class GiftDraft:
    """A gift as its sender asked for it, in a stream they may see."""

    sender: Identity
    card: StreamCard
    gift_id: str
    quantity: int
    key: CommandKey | None = None

    @property
    def sender_id(self) -> int:
        return int(self.sender.user_id)

    @property
    def host_id(self) -> int:
        return int(self.card.host_id)

    @property
    def stream_id(self) -> int:
        return int(self.card.id)


@dataclass(slots=True)
class _Sale:
    """What becomes of a draft: a gift that is paid, or a refusal, or the answer it got before."""

    draft: GiftDraft
    error: CommandError | None = None
    answer: Answer | None = None
    gift: Gift | None = None
    payment: Payment | None = None
    balance: tuple[int, int] = (0, 0)
    transfer_id: int = 0
    advance: Advance | None = None

    @property
    def is_paid(self) -> bool:
        return self.payment is not None

    @property
    def cost(self) -> int:
        assert self.payment is not None
        return self.payment.total


@dataclass(frozen=True, slots=True)
class _Senders:
    """How those who give stand now, whatever was known when they connected."""

    standing: dict[int, Standing]
    restrictions: dict[str, Restrictions]


def send_gifts(*, drafts: Sequence[GiftDraft], now: datetime | None = None) -> list[Answer]:
    """Carry out gifts: payment, the host's share, totals, battle, progress and announcements, or nothing of a gift.

    A draft that cannot be paid or sent is refused and leaves the others alone. One whose `cid` was answered
    before has no effect and gets that answer.

    Args:
        drafts: at most one for each (user, cid).
        now: the time it is.

    Returns:
        The answer to each draft, in their order.
    """
    now = now or timezone.now()
    sales = [_Sale(draft) for draft in drafts]
    with transaction.atomic(durable=True):
        live = totals.hold_streams(draft.stream_id for draft in drafts)
        running = battles.lock_running(live, now=now)
        gifts = _lock_gifts(drafts)
        wallets = ledger.lock_wallets(user_id for draft in drafts for user_id in (draft.sender_id, draft.host_id))
        answered = earlier(draft.key for draft in drafts if draft.key is not None)
        senders = _Senders(
            account_selectors.standing(draft.sender_id for draft in drafts),
            restrictions_of(draft.sender.user_id for draft in drafts),
        )
        for sale in sales:
            sale.answer = answered.get(sale.draft.key) if sale.draft.key is not None else None
            if sale.answer is None:
                try:
                    _sell(sale, gifts, wallets, live, senders, now)
                except CommandError as error:
                    sale.error = error
        paid = [sale for sale in sales if sale.is_paid]
        if paid:
            _carry_out(paid, wallets, gifts, now)
            battles.gain(running, [_gain(sale) for sale in paid], now=now)
        remember({sale.draft.key: _receipt(sale) for sale in paid if sale.draft.key is not None})
    return [_answer(sale) for sale in sales]


def _lock_gifts(drafts: Sequence[GiftDraft]) -> dict[str, Gift]:
    """The catalog; gifts that are limited in number are read and locked now, in the order of their ids."""
    catalog = dict(selectors.catalog())
    limited = sorted({draft.gift_id for draft in drafts if _is_limited(catalog.get(draft.gift_id))})
    if limited:
        catalog |= {
            gift.pk: gift for gift in Gift.objects.select_for_update(no_key=True).filter(pk__in=limited).order_by("pk")
        }
    return catalog


def _is_limited(gift: Gift | None) -> bool:
    return gift is not None and gift.stock is not None


def _sell(
    sale: _Sale,
    gifts: dict[str, Gift],
    wallets: dict[int, Wallet],
    live: set[int],
    senders: _Senders,
    now: datetime,
) -> None:
    """Check that a gift may be sent, and plan its payment.

    Raises:
        CommandError: why it may not; nothing is planned then.
    """
    draft = sale.draft
    who = senders.standing.get(draft.sender_id)
    if who is None or not who.is_welcome:
        raise CommandError(ErrorCode.BANNED)
    senders.restrictions.get(draft.sender.user_id, NONE).require_welcome(draft.card.id)
    if draft.stream_id not in live:
        raise CommandError(ErrorCode.NOT_LIVE)
    if draft.sender_id == draft.host_id:
        raise CommandError(ErrorCode.ACCESS_DENIED)
    gift = gifts.get(draft.gift_id)
    if gift is None:
        raise CommandError(ErrorCode.NOT_FOUND, "There is no such gift")
    if not gift.is_active or not selectors.is_in_season(gift, draft.card.country, now.date()):
        raise CommandError(ErrorCode.INVALID_STATE, "This gift cannot be sent now")
    if who.og_level < gift.min_og_level:
        raise CommandError(ErrorCode.ACCESS_DENIED, f"This gift needs OG level {gift.min_og_level}")
    if gift.stock is not None and gift.stock < draft.quantity:
        raise CommandError(ErrorCode.INVALID_STATE, "This gift is sold out")
    sender, host = wallets[draft.sender_id], wallets[draft.host_id]
    payment = sender.pay(gift.price * draft.quantity)
    if gift.stock is not None:
        gift.stock -= draft.quantity
    host.receive(coins=_share(payment.coins), bonus=_share(payment.bonus))
    sale.gift, sale.payment, sale.balance = gift, payment, (sender.coins, sender.bonus)


def _share(paid: int) -> int:
    """What the host gets of what was paid."""
    return paid * settings.GIFT_HOST_PERCENT // 100


def _carry_out(paid: list[_Sale], wallets: dict[int, Wallet], gifts: dict[str, Gift], now: datetime) -> None:
    for sale, transfer_id in zip(paid, ledger.next_ids(len(paid)), strict=True):
        sale.transfer_id = transfer_id
    ledger.post([_posting(sale, wallets) for sale in paid], now)
    steps = [Step(_combo_key(sale.draft), sale.draft.quantity, sale.cost, sale.transfer_id) for sale in paid]
    for sale, advance in zip(paid, combos.advance(steps, now), strict=True):
        sale.advance = advance
    SentGift.objects.bulk_create(_row(sale, now) for sale in paid)
    sold = [gifts[gift_id] for gift_id in sorted({sale.draft.gift_id for sale in paid}) if _is_limited(gifts[gift_id])]
    if sold:
        Gift.objects.bulk_update(sold, ["stock"])
    totals.add_totals(_by_stream_and_user(paid))
    spent: Counter[int] = Counter()
    for sale in paid:
        spent[sale.draft.sender_id] += sale.cost
    og_services.add_progress(spent)
    told = write_gift_lines(_lines(paid, now))
    publish_many(Announcement(stream_room(sale.draft.card.id), _event(sale, told, now)) for sale in paid)


def _posting(sale: _Sale, wallets: dict[int, Wallet]) -> Posting:
    payment = sale.payment
    assert payment is not None
    sender, host = wallets[sale.draft.sender_id], wallets[sale.draft.host_id]
    coins, bonus = _share(payment.coins), _share(payment.bonus)
    return Posting(
        id=sale.transfer_id,
        key=f"gift:{sale.transfer_id}",
        kind=TransferKind.GIFT,
        entries={
            sender.coins_account: -payment.coins,
            sender.bonus_account: -payment.bonus,
            host.coins_account: coins,
            host.bonus_account: bonus,
            ledger.platform(AccountKind.REVENUE): payment.total - coins - bonus,
        },
    )


def _combo_key(draft: GiftDraft) -> combos.ComboKey:
    return draft.sender_id, draft.stream_id, draft.gift_id


def _row(sale: _Sale, now: datetime) -> SentGift:
    assert sale.advance is not None
    return SentGift(
        stream_id=sale.draft.stream_id,
        sender_id=sale.draft.sender_id,
        recipient_id=sale.draft.host_id,
        gift_id=sale.draft.gift_id,
        combo_id=sale.advance.combo.pk,
        transfer_id=sale.transfer_id,
        quantity=sale.draft.quantity,
        cost=sale.cost,
        created_at=now,
    )


def _by_stream_and_user(paid: list[_Sale]) -> dict[tuple[int, int], Gifted]:
    coins: Counter[tuple[int, int]] = Counter()
    count: Counter[tuple[int, int]] = Counter()
    for sale in paid:
        key = (sale.draft.stream_id, sale.draft.sender_id)
        coins[key] += sale.cost
        count[key] += sale.draft.quantity
    return {key: Gifted(coins[key], count[key]) for key in coins}


def _gain(sale: _Sale) -> Gain:
    draft = sale.draft
    return Gain(stream_id=draft.stream_id, user_id=draft.sender_id, source=f"gift:{sale.transfer_id}", coins=sale.cost)


def _lines(paid: list[_Sale], now: datetime) -> list[GiftLine]:
    """The lines of the combos that gifts have begun or extended, as they are after all of them."""
    lines: dict[int, GiftLine] = {}
    for sale in paid:
        assert sale.gift is not None
        assert sale.advance is not None
        combo = sale.advance.combo
        lines[combo.pk] = combos.line_of(combo, sale.gift, now)
    return list(lines.values())


def _event(sale: _Sale, told: Mapping[int, int], now: datetime) -> GiftSent:
    draft, gift, advance = sale.draft, sale.gift, sale.advance
    assert gift is not None
    assert advance is not None
    return GiftSent(
        sender_id=draft.sender.user_id,
        sender_name=draft.sender.username,
        gift_id=gift.pk,
        gift_name=gift.name,
        quantity=draft.quantity,
        animation=gift.animation,
        timestamp=iso(now),
        transaction_id=str(sale.transfer_id),
        rarity=gift.rarity,
        coin_cost=sale.cost,
        recipient_id=draft.card.host_id,
        combo=advance.state,
        message_id=str(told[advance.combo.pk]),
        stream_id=draft.card.id,
    )


def _receipt(sale: _Sale) -> Answer:
    assert sale.advance is not None
    coins, bonus = sale.balance
    receipt = GiftReceipt(
        transaction_id=str(sale.transfer_id),
        coin_cost=sale.cost,
        coins=coins,
        bonus=bonus,
        combo=sale.advance.state,
    )
    return Answer(ok=True, body=encode(receipt).decode())


def _answer(sale: _Sale) -> Answer:
    if sale.answer is not None:
        return sale.answer
    if sale.error is not None:
        return refusal(sale.error, _EVENT)
    return _receipt(sale)
