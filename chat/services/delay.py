"""Messages that only those who moderate see for some seconds, and their showing to everybody."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from chat.events import ChatMessage, MessageDelayed
from chat.models import Message, RemovalReason
from chat.services.subjects import MESSAGE_KIND, show_messages
from gateway.events import iso
from gateway.publish import Announcement
from moderation.services import second_look
from streams.rooms import moderator_room
from streams.selectors import StreamCard

_AT_ONCE = 500


def announce_delayed(message: ChatMessage, card: StreamCard, appears_at: datetime) -> Announcement:
    """What those who moderate are told of a message others do not see yet."""
    event = MessageDelayed(message=message, stream_id=card.id, appears_at=iso(appears_at))
    return Announcement(moderator_room(card.id), event)


def show_due(now: datetime | None = None) -> int:
    """Show the messages whose time has come and which nobody has taken back, in their order; how many it were."""
    due = Message.objects.filter(removed_reason=RemovalReason.DELAYED, appears_at__lte=now or timezone.now())
    if not due.exists():
        return 0
    with transaction.atomic(durable=True):
        # Another process that does the same is waited for: so messages come in their order, and once.
        locked = due.order_by("appears_at", "id").select_for_update(of=("self",))
        messages = list(locked.select_related("author", "reply_to__author")[:_AT_ONCE])
        shown = show_messages(messages)
        # Nobody elsewhere is asked about what people do not see yet.
        second_look.ask_for_look(
            second_look.Candidate(MESSAGE_KIND, message.pk, message.score)
            for message in messages
            if second_look.is_wanted(message.score) and not message.is_hidden
        )
    return len(shown)
