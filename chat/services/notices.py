"""What staff say to rooms: system messages, in the chat's history like any other."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.models import Kind, Message, Visibility
from chat.render import render
from gateway.publish import Announcement, publish_many
from moderation.plain_text import require_text
from streams import services as stream_services
from streams.rooms import stream_room
from streams.selectors import StreamCard


def announce(*, author: User, text: str, cards: Sequence[StreamCard]) -> list[Message]:
    """Write a system message into the chat of each stream and tell their rooms, all or none.

    Raises:
        CommandError: `invalid_content` when the text is empty, too long, or holds what no message may.
    """
    text, now = require_text(text), timezone.now()
    with transaction.atomic(durable=True):
        messages = Message.objects.bulk_create(
            Message(
                stream_id=int(card.id),
                author=author,
                text=text,
                type=Visibility.PUBLIC,
                message_type=Kind.SYSTEM,
                score=0,
                model_version="",
                policy_version="",
                created_at=now,
            )
            for card in cards
        )
        publish_many(
            Announcement(stream_room(card.id), render(message, card))
            for message, card in zip(messages, cards, strict=True)
        )
        stream_services.count_comments(counts={card.id: 1 for card in cards})
    return messages
