"""The rooms of streams."""

from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity
from gateway.rooms import Room, RoomKind, register
from streams import selectors


def stream_room(stream_id: str) -> Room:
    """The room of a stream's viewers."""
    return Room(StreamRooms.name, stream_id)


def moderator_room(stream_id: str) -> Room:
    """The room of a stream's host and moderators, who see whispers."""
    return Room(ModeratorRooms.name, stream_id)


def throne_room(stream_id: str) -> Room:
    """The room of those who follow a stream's throne."""
    return Room(ThroneRooms.name, stream_id)


def rooms_of_stream(stream_id: str) -> list[Room]:
    """All rooms one is in because of a stream."""
    return [stream_room(stream_id), moderator_room(stream_id), throne_room(stream_id)]


@register
class StreamRooms(RoomKind):
    """`stream:{streamId}`: everybody who may see the stream. Its members are its viewers."""

    name = "stream"
    counted = True

    def authorize(self, identity: Identity, key: str) -> None:
        selectors.access_card(identity, key)


@register
class ModeratorRooms(RoomKind):
    """`moderators:{streamId}`: entered with the stream's room by those who moderate it; unknown to clients."""

    name = "moderators"

    def authorize(self, identity: Identity, key: str) -> None:
        if not selectors.access_card(identity, key).may_moderate(identity):
            raise CommandError(ErrorCode.ACCESS_DENIED)


@register
class ThroneRooms(RoomKind):
    """`throne:{streamId}`: entered by claiming or by `throne:watch`, by everybody who may see the stream."""

    name = "throne"

    def authorize(self, identity: Identity, key: str) -> None:
        selectors.access_card(identity, key)
