"""Where a client that enters a room stands: told what it missed since the place it names, while that is still kept."""

from dataclasses import dataclass

import msgspec

from gateway.bus import Position, RoomEvent, bus
from gateway.events import MissedEvent, Since, Standing
from gateway.rooms import Room
from gateway.shared import SharedReading


@dataclass(frozen=True, slots=True)
class Resumption:
    """A joiner's place in a room.

    Attributes:
        position: up to where it has been told of the room, when it is told of `missed`.
        missed: what happened since the place it named; `None` when it named none, or one too old.
    """

    position: Position
    missed: list[RoomEvent] | None

    @property
    def standing(self) -> Standing:
        """The same as clients are told it."""
        return Standing(
            recovered=self.missed is not None,
            events=[
                MissedEvent(event=event.name, data=msgspec.Raw(event.body.encode())) for event in self.missed or []
            ],
            epoch=self.position.epoch,
            seq=self.position.seq,
        )


_missed = SharedReading[list[RoomEvent] | None]()


async def resume(room: Room, since: Since | None) -> Resumption:
    """Read where a joiner of `room` stands, whom the hub holds back meanwhile.

    Raises:
        redis.RedisError: Redis is away.
    """
    if since is not None:
        start = Position(since.epoch, since.seq)
        missed = await _missed.get((room, start), lambda: bus.history(room, start))
        if missed is not None:
            return Resumption(Position(start.epoch, missed[-1].seq if missed else start.seq), missed)
    # The position is read before any snapshot: what happens in between is in both, and missing from neither.
    return Resumption(await bus.position(room), None)


def since_of(payload: object) -> Since | None:
    """The place in its own room a client names as it connects. Released apps name none, and may say other things."""
    if not isinstance(payload, dict):
        return None
    try:
        return msgspec.convert(payload.get("since"), Since | None)
    except msgspec.ValidationError:
        return None
