"""A message as clients see it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from accounts.models import User
from accounts.selectors import identity_of, users_by_names
from chat.events import ChatMessage, GiftInChat, Mention, Reply
from chat.models import Message
from chat.text import names, preview
from gateway.events import iso
from gateway.identity import Identity
from streams.selectors import StreamCard

_NO_USERS: Mapping[str, User] = {}


class NewMessage(msgspec.Struct, kw_only=True, frozen=True):
    """What is written of a message as a row, by the names of the columns."""

    id: int
    stream_id: int
    author_id: int
    text: str
    type: str
    message_type: str
    mentions: list[dict[str, object]]
    reply_to_id: int | None
    thread_id: int | None
    score: float
    model_version: str
    policy_version: str
    created_at: datetime
    is_spotlight: bool
    is_hidden: bool
    removed_at: datetime | None
    removed_reason: str
    appears_at: datetime | None
    gift: None = None


def render(message: Message, card: StreamCard) -> ChatMessage:
    """The message of a stream, as the room sees it. Its author and the message it answers are loaded."""
    return render_of(message, identity_of(message.author), message.reply_to, card)


def render_of(
    message: Message | NewMessage, author: Identity, answered: Message | None, card: StreamCard
) -> ChatMessage:
    """`render` of a message that may not be written yet."""
    return ChatMessage(
        id=str(message.id),
        user_id=author.user_id,
        username=author.username,
        message=message.text,
        type=message.type,
        timestamp=iso(message.created_at),
        user_avatar=author.avatar,
        message_type=message.message_type,
        mentions=[Mention(**mention) for mention in message.mentions],
        reply_to=reply(answered) if answered is not None else None,
        thread_id=str(message.thread_id) if message.thread_id is not None else None,
        og_level=author.og_level,
        badges=badges(author, card),
        spotlight=message.is_spotlight,
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


def badges(author: Identity, card: StreamCard) -> list[str]:
    """What a name is adorned with in this stream."""
    found = []
    if card.is_host(author):
        found.append("host")
    if author.is_moderator or author.user_id in card.moderator_ids:
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
