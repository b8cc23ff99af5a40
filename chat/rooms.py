"""Where a message is heard."""

from accounts.models import User
from chat.models import Message, Visibility
from gateway.rooms import Room, user_room
from streams.rooms import moderator_room, stream_room
from streams.selectors import StreamCard


def rooms_of(message: Message, card: StreamCard) -> list[Room]:
    """The rooms that are told of a message, and of its end. Its author and the message it answers are loaded."""
    if message.type != Visibility.PRIVATE:
        return [stream_room(card.id)]
    # The author hears their own whisper, and who is answered hears the answer, unless the moderators' room tells them.
    listeners = [message.author]
    if message.reply_to is not None and message.reply_to.type == Visibility.PRIVATE:
        listeners.append(message.reply_to.author)
    heard_by = {str(user.pk) for user in listeners if not _moderates(user, card)}
    return [moderator_room(card.id), *(user_room(user_id) for user_id in sorted(heard_by))]


def _moderates(user: User, card: StreamCard) -> bool:
    user_id = str(user.pk)
    return user_id == card.host_id or user.is_moderator or user_id in card.moderator_ids
