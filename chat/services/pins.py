"""Pinning a message above the chat: one a stream, by those who moderate, or by a viewer with the tier for it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chat import selectors
from chat.events import MessagePinned, Pinned
from chat.models import ROOM_WIDE, Message, Pin
from chat.render import render
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.identity import Identity
from gateway.publish import publish
from streams.rooms import stream_room
from streams.selectors import StreamCard


def pin_message(*, pinner: Identity, message: Message, card: StreamCard) -> None:
    """Pin a message of the stream `card` in place of any before. Again, it has no effect.

    A viewer's pin is of their own message, lasts a time and displaces no other that holds.

    Args:
        pinner: who they are now, as their role and tier decide.

    Raises:
        CommandError: `access_denied`; `not_live`; `invalid_state` for a message the room does not see, or when another
            one is pinned.
    """
    moderates = card.may_moderate(pinner)
    if not moderates:
        _require_perk(pinner, message)
    if not card.is_live:
        raise CommandError(ErrorCode.NOT_LIVE)
    if message.type not in ROOM_WIDE or message.is_hidden or message.removed_at is not None:
        raise CommandError(ErrorCode.INVALID_STATE, "Only a message the room sees can be pinned")
    now = timezone.now()
    with transaction.atomic(durable=True):
        pin = _lock(card)
        held = selectors.pinned(int(card.id), now)
        if held is not None and held.message_id == message.pk:
            return
        if held is not None and not moderates and str(held.pinned_by_id) != pinner.user_id:
            raise CommandError(ErrorCode.INVALID_STATE, "Another message is pinned")
        pin.message, pin.pinned_by_id = message, int(pinner.user_id)
        pin.expires_at = None if moderates else now + timedelta(seconds=settings.CHAT_VIEWER_PIN_SECONDS)
        pin.save(update_fields=["message", "pinned_by", "expires_at"])
        _tell(pin, pinner, card, now)


def unpin_message(*, pinner: Identity, message: Message, card: StreamCard) -> None:
    """Take a pinned message down, as who pinned it or who moderates. One that is not pinned is left alone.

    Raises:
        CommandError: `access_denied`.
    """
    with transaction.atomic(durable=True):
        pin = _lock(card)
        if pin.message_id != message.pk:
            return
        if str(pin.pinned_by_id) != pinner.user_id and not card.may_moderate(pinner):
            raise CommandError(ErrorCode.ACCESS_DENIED)
        pin.message = None
        pin.save(update_fields=["message"])
        _tell(pin, pinner, card, timezone.now())


def pinned_of(card: StreamCard) -> Pinned | None:
    """The message pinned in a stream now, as clients see it."""
    pin = selectors.pinned(int(card.id), timezone.now())
    return _shown(pin, card) if pin is not None else None


def _require_perk(pinner: Identity, message: Message) -> None:
    level = settings.CHAT_PIN_FROM_OG_LEVEL
    if pinner.og_level < level:
        raise CommandError(ErrorCode.ACCESS_DENIED, f"This needs OG level {level}")
    if str(message.author_id) != pinner.user_id:
        raise CommandError(ErrorCode.ACCESS_DENIED, "Viewers may pin a message of their own")


def _lock(card: StreamCard) -> Pin:
    Pin.objects.get_or_create(stream_id=int(card.id))
    return Pin.objects.select_for_update().get(stream_id=int(card.id))


def _tell(pin: Pin, pinner: Identity, card: StreamCard, now: datetime) -> None:
    pinned = _shown(pin, card) if pin.message is not None else None
    event = MessagePinned(stream_id=card.id, pinned=pinned, by=pinner.user_id, timestamp=iso(now))
    publish(stream_room(card.id), event)


def _shown(pin: Pin, card: StreamCard) -> Pinned:
    assert pin.message is not None
    return Pinned(
        message=render(pin.message, card),
        pinned_by=str(pin.pinned_by_id) if pin.pinned_by_id is not None else None,
        expires_at=iso(pin.expires_at) if pin.expires_at is not None else None,
    )
