"""Taking messages back: they stay stored, and are shown and quoted nowhere any more."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.events import MessageRemoved
from chat.models import Message, RemovalReason
from chat.rooms import rooms_of
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.identity import Identity
from gateway.publish import Announcement, publish_many
from gateway.rooms import Room
from streams.rooms import moderator_room
from streams.selectors import StreamCard, find_card


def remove_message(*, remover: Identity, message: Message, card: StreamCard) -> None:
    """Take a message back, as its author or as somebody who moderates the stream. Again, it has no effect.

    Args:
        remover: who they are now, as their role and tier decide.
        message: one they may read, of the stream `card`.

    Raises:
        CommandError: `access_denied`; `invalid_state` when the author's time is over.
    """
    reason = _reason(remover, message, card)
    with transaction.atomic(durable=True):
        remove_messages(message_ids=[message.pk], reason=reason, removed_by=int(remover.user_id))


def remove_messages(*, message_ids: Collection[int], reason: RemovalReason, removed_by: int | None = None) -> list[int]:
    """Take messages back and tell everybody who was told of them, in the caller's transaction.

    Args:
        message_ids: of any streams; those that are removed already, or unknown, are passed over.
        reason: why, as clients are told.
        removed_by: the id of whoever did; `None` when the server did by itself.

    Returns:
        The ids of those that were there, in order.
    """
    now = timezone.now()
    there = Q(removed_at__isnull=True) | Q(removed_reason=RemovalReason.DELAYED)
    shown = Message.objects.filter(there, pk__in=message_ids).order_by("id")
    messages = list(shown.select_related("author", "reply_to__author").select_for_update(of=("self",)))
    removed = [message.pk for message in messages]
    Message.objects.filter(pk__in=removed).update(removed_at=now, removed_reason=reason, removed_by=removed_by)
    cards = {stream_id: find_card(str(stream_id)) for stream_id in {message.stream_id for message in messages}}
    publish_many(
        Announcement(
            room,
            MessageRemoved(
                message_id=str(message.pk),
                stream_id=card.id,
                reason=reason,
                removed_by=str(removed_by) if removed_by is not None else None,
                timestamp=iso(now),
            ),
        )
        for message in messages
        if (card := cards[message.stream_id]) is not None
        for room in _rooms_that_know(message, card)
    )
    return removed


def _rooms_that_know(message: Message, card: StreamCard) -> list[Room]:
    if message.removed_reason == RemovalReason.DELAYED:
        return [moderator_room(card.id)]
    return rooms_of(message, card)


def _reason(remover: Identity, message: Message, card: StreamCard) -> RemovalReason:
    author_id = str(message.author_id)
    if author_id == remover.user_id:
        _require_time(remover, message, card)
        return RemovalReason.AUTHOR
    # The host's own words are for the host and the platform's moderators to remove.
    if remover.is_moderator or (card.may_moderate(remover) and author_id != card.host_id):
        return RemovalReason.MODERATOR
    raise CommandError(ErrorCode.ACCESS_DENIED)


def _require_time(author: Identity, message: Message, card: StreamCard) -> None:
    if card.may_moderate(author) or author.og_level >= settings.CHAT_UNSEND_FROM_OG_LEVEL:
        return
    if timezone.now() - message.created_at > timedelta(seconds=settings.CHAT_UNSEND_SECONDS):
        words = (
            f"Messages can be taken back for {settings.CHAT_UNSEND_SECONDS:g} seconds;"
            f" from OG level {settings.CHAT_UNSEND_FROM_OG_LEVEL} on, at any time"
        )
        raise CommandError(ErrorCode.INVALID_STATE, words)
