"""Rooms: their kinds, their wire and group names, and who may enter."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gateway.errors import CommandError, ErrorCode

if TYPE_CHECKING:
    from gateway.identity import Identity


@dataclass(frozen=True, slots=True)
class Room:
    """A room, such as `stream:7`. Its wire name and its channel layer group differ only here."""

    kind: str
    key: str

    @property
    def wire(self) -> str:
        """The name clients see."""
        return f"{self.kind}:{self.key}"

    @property
    def group(self) -> str:
        """The channel layer's group; Channels allows no colon in it."""
        return f"{self.kind}.{self.key}"

    @classmethod
    def parse(cls, wire: str) -> "Room":
        """The room with this wire name."""
        kind, _, key = wire.partition(":")
        return cls(kind, key)


class RoomKind(ABC):
    """A kind of room. Its one `authorize` is the only way in, whatever the transport.

    Attributes:
        name: what stands before the colon.
        counted: whether the cluster counts its members, as viewers are.
    """

    name: ClassVar[str]
    counted: ClassVar[bool] = False

    @abstractmethod
    def authorize(self, identity: "Identity", key: str) -> None:
        """Let `identity` in, or raise `CommandError`. Runs in a database thread."""


KINDS: dict[str, RoomKind] = {}


def register(kind: type[RoomKind]) -> type[RoomKind]:
    """Class decorator: make a kind of room known."""
    KINDS[kind.name] = kind()
    return kind


def authorize(identity: "Identity", room: Room) -> None:
    """Let `identity` into `room`, or raise `CommandError`."""
    kind = KINDS.get(room.kind)
    if kind is None:
        raise CommandError(ErrorCode.ACCESS_DENIED)
    kind.authorize(identity, room.key)


def user_room(user_id: str) -> Room:
    """The room of all sockets of one user."""
    return Room(UserRooms.name, user_id)


@register
class UserRooms(RoomKind):
    """`user:{userId}`: entered by each socket of that user on connect, by nobody else."""

    name = "user"

    def authorize(self, identity: "Identity", key: str) -> None:
        if identity.user_id != key:
            raise CommandError(ErrorCode.ACCESS_DENIED)
