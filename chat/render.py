"""A message as clients see it."""

from collections.abc import Mapping

import msgspec

from accounts.models import User
from accounts.selectors import users_by_names
from chat.events import ChatMessage, GiftInChat, Mention, Reply
from chat.models import Message
from chat.text import names, preview
from gateway.events import iso
from streams.selectors import StreamCard

_NO_USERS: Mapping[str, User] = {}


def render(message: Message, card: StreamCard) -> ChatMessage:
    """The message of a stream, as the room sees it. Its author and the message it answers are loaded."""
    author = message.author
    return ChatMessage(
        id=str(message.pk),
        user_id=str(author.pk),
        username=author.username,
        message=message.text,
        type=message.type,
        timestamp=iso(message.created_at),
        user_avatar=author.avatar,
        message_type=message.message_type,
        mentions=[Mention(**mention) for mention in message.mentions],
        reply_to=reply(message.reply_to) if message.reply_to is not None else None,
        thread_id=str(message.thread_id) if message.thread_id is not None else None,
        og_level=author.og_level,
        badges=badges(author, card),
        gift=msgspec.convert(message.gift, GiftInChat) if message.gift is not None else None,
        stream_id=card.id,
    )


def reply(answered: Message) -> Reply:
    """What a reply shows of the message it answers."""
    return Reply(
        id=str(answered.pk),
        user_id=str(answered.author_id),
        username=answered.author.username,
        preview=preview(answered.text) if answered.removed_at is None else "",
    )


def badges(author: User, card: StreamCard) -> list[str]:
    """What a name is adorned with in this stream."""
    found = []
    if str(author.pk) == card.host_id:
        found.append("host")
    if author.is_moderator or str(author.pk) in card.moderator_ids:
        found.append("moderator")
    if author.og_level:
        found.append("og")
    return found


def resolve_mentions(texts: list[str]) -> list[list[dict[str, object]]]:
    """Whom each text mentions, as stored: only names of users, with their places; one query for all texts."""
    named = [names(text) for text in texts]
    users = users_by_names({name.username.lower() for found in named for name in found}) if any(named) else _NO_USERS
    return [
        [
            {"user_id": str(users[key].pk), "username": users[key].username, "start": name.start, "end": name.end}
            for name in found
            if (key := name.username.lower()) in users
        ]
        for found in named
    ]
