"""The rooms of sessions."""

from collab import selectors
from gateway.identity import Identity
from gateway.rooms import Room, RoomKind, register


def session_room(session_id: int | str) -> Room:
    """The room of those who work in a session."""
    return Room(SessionRooms.name, str(session_id))


@register
class SessionRooms(RoomKind):
    """`collab:{sessionId}`: those who take part in the session, whatever their role."""

    name = "collab"

    def authorize(self, identity: Identity, key: str) -> None:
        selectors.access_session(int(identity.user_id), key)
