"""Where a message is heard."""

from accounts.selectors import identity_of
from chat.models import Message, Visibility
from chat.selectors import require_lounge
from gateway.identity import Identity
from gateway.rooms import Room, RoomKind, register, user_room
from streams.rooms import moderator_room, stream_room
from streams.selectors import StreamCard, access_card


@register
class LoungeRooms(RoomKind):
    """`lounge:{streamId}`: entered by `lounge:watch`, by those of a high tier, the host and moderators."""

    name = "lounge"

    def authorize(self, identity: Identity, key: str) -> None:
        require_lounge(access_card(identity, key), identity)


def lounge_room(stream_id: str) -> Room:
    """The room of those who follow a stream's lounge."""
    return Room(LoungeRooms.name, stream_id)


def rooms_of(message: Message, card: StreamCard) -> list[Room]:
    """The rooms that are told of a message, and of its end. Its author and the message it answers are loaded."""
    author = identity_of(message.author)
    if message.is_hidden:
        return [user_room(author.user_id)]
    return rooms_to_tell(message.type, author, message.reply_to, card)


def rooms_to_tell(visibility: str, author: Identity, answered: Message | None, card: StreamCard) -> list[Room]:
    """`rooms_of` a message that may not be written yet."""
    if visibility == Visibility.LOUNGE:
        return [lounge_room(card.id)]
    if visibility != Visibility.PRIVATE:
        return [stream_room(card.id)]
    # The author hears their own whisper, and who is answered hears the answer, unless the moderators' room tells them.
    listeners = [author]
    if answered is not None and answered.type == Visibility.PRIVATE:
        listeners.append(identity_of(answered.author))
    heard_by = {listener.user_id for listener in listeners if not card.may_moderate(listener)}
    return [moderator_room(card.id), *(user_room(user_id) for user_id in sorted(heard_by))]
