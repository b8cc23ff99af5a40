"""Combos: the same gift again within a few seconds. Each gift tells how far its combo has come; its end, the total."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from gateway.events import iso
from gateway.publish import Announcement, publish_many
from gifts.events import ComboState, GiftSent
from gifts.models import Combo, Gift
from streams.rooms import stream_room
from streams.services.lines import GiftLine

_SWEEP = 500
# (sender, stream, gift)
ComboKey = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One gift on its way into a combo."""

    key: ComboKey
    quantity: int
    cost: int
    transfer_id: int


@dataclass(frozen=True, slots=True)
class Advance:
    """A combo, and how far it had come with one gift."""

    combo: Combo
    state: ComboState


def advance(steps: Sequence[Step], now: datetime) -> list[Advance]:
    """Let gifts start or extend their combos, in the caller's transaction, which holds their senders' wallets.

    Combos found to be over are ended and announced.
    """
    combos = _lock_open(step.key for step in steps)
    over = [combo for combo in combos.values() if combo.expires_at <= now]
    _end(over, now)
    for combo in over:
        del combos[_key(combo)]
    new = {step.key: Combo(sender_id=step.key[0], stream_id=step.key[1], gift_id=step.key[2]) for step in steps}
    new = {key: combo for key, combo in new.items() if key not in combos}
    old = list(combos.values())
    combos |= new
    expires_at = now + timedelta(seconds=settings.GIFT_COMBO_SECONDS)
    counts = []
    for step in steps:
        combo = combos[step.key]
        combo.sends += 1
        combo.count += step.quantity
        combo.total += step.cost
        combo.transfer_id, combo.expires_at = step.transfer_id, expires_at
        counts.append((combo, combo.count, combo.total))
    Combo.objects.bulk_create(new.values())
    _write(old)
    return [
        Advance(combo, ComboState(id=str(combo.pk), count=count, total=total, ended=False))
        for combo, count, total in counts
    ]


def end_combos(*, now: datetime | None = None) -> int:
    """End the combos whose time is over, and announce those of more than one gift. Returns how many ended.

    Safe to run anywhere and at any time: rows are locked, and each combo ends once.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        due = Combo.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            ended_at__isnull=True, expires_at__lte=now
        )
        combos = list(due.order_by("id")[:_SWEEP])
        _end(combos, now)
    return len(combos)


def shrink(combo_id: int, *, quantity: int, cost: int) -> Combo:
    """Take a voided gift out of its combo, in the caller's transaction."""
    combo = Combo.objects.select_for_update(no_key=True, of=("self",)).select_related("gift").get(pk=combo_id)
    combo.count -= quantity
    combo.total -= cost
    combo.save(update_fields=["count", "total"])
    return combo


def line_of(combo: Combo, gift: Gift, now: datetime) -> GiftLine:
    """How far a combo has come, for the chat."""
    return GiftLine(
        combo_id=combo.pk,
        stream_id=combo.stream_id,
        sender_id=combo.sender_id,
        gift_id=gift.pk,
        gift_name=gift.name,
        count=combo.count,
        coins=combo.total,
        at=now,
    )


def _lock_open(keys: Iterable[ComboKey]) -> dict[ComboKey, Combo]:
    # Both this and `_write` are far quicker than what the ORM makes of many triples and many rows.
    combos = Combo.objects.raw(
        """
        SELECT * FROM gifts_combo WHERE ended_at IS NULL AND (sender_id, stream_id, gift_id) IN (
          SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[])
        ) ORDER BY id FOR NO KEY UPDATE
        """,
        [list(column) for column in zip(*sorted(set(keys)), strict=True)],
    )
    return {_key(combo): combo for combo in combos}


def _write(combos: Sequence[Combo]) -> None:
    if not combos:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE gifts_combo AS c SET sends = m.sends, count = m.count, total = m.total,
              transfer_id = m.transfer_id, expires_at = m.expires_at
            FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::timestamptz[])
              AS m(id, sends, count, total, transfer_id, expires_at)
            WHERE c.id = m.id
            """,
            [
                [combo.pk for combo in combos],
                [combo.sends for combo in combos],
                [combo.count for combo in combos],
                [combo.total for combo in combos],
                [combo.transfer_id for combo in combos],
                [combo.expires_at for combo in combos],
            ],
        )


def _end(combos: Sequence[Combo], now: datetime) -> None:
    if not combos:
        return
    Combo.objects.filter(pk__in=[combo.pk for combo in combos]).update(ended_at=now)
    told = [combo.pk for combo in combos if combo.sends > 1 and combo.count]
    shown = Combo.objects.filter(pk__in=told).select_related("sender", "stream", "gift").order_by("id")
    publish_many([Announcement(stream_room(str(combo.stream_id)), _ended(combo, now)) for combo in shown])


def _ended(combo: Combo, now: datetime) -> GiftSent:
    state = ComboState(id=str(combo.pk), count=combo.count, total=combo.total, ended=True)
    # Nothing was sent, so released apps, which do not know combos, add up the same as before.
    return GiftSent(
        sender_id=str(combo.sender_id),
        sender_name=combo.sender.username,
        gift_id=combo.gift_id,
        gift_name=combo.gift.name,
        quantity=0,
        animation=combo.gift.animation,
        timestamp=iso(now),
        transaction_id=str(combo.transfer_id),
        rarity=combo.gift.rarity,
        coin_cost=0,
        recipient_id=str(combo.stream.host_id),
        combo=state,
        message_id=None,
        stream_id=str(combo.stream_id),
    )


def _key(combo: Combo) -> ComboKey:
    return combo.sender_id, combo.stream_id, combo.gift_id
