"""The room of those who moderate everywhere."""

from gateway.identity import Identity
from gateway.rooms import Room, RoomKind, register
from moderation.selectors.queue import access_moderator


@register
class ModRooms(RoomKind):
    """`mod:queue`: entered by `queue:watch`, by moderators alone; their role is read then."""

    name = "mod"

    def authorize(self, identity: Identity, key: str) -> None:
        access_moderator(identity.user_id)


QUEUE_ROOM = Room(ModRooms.name, "queue")
