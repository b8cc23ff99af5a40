"""What a connection was sent of its rooms, so that the last event that arrived tells where it stands in each."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gateway.bus import Position
from gateway.wire import Broadcast

# A client that missed more than this of all its rooms together begins anew.
_KEPT_STEPS = 300


class Step(NamedTuple):
    """An event that was sent, or, when not, a room that was entered at this place in its history."""

    room: str
    epoch: str
    seq: int
    sent: bool


class Trail:
    """The latest steps of one connection, and where each room stood before them."""

    __slots__ = ("_base", "_steps", "trimmed")

    def __init__(self) -> None:
        self._base: dict[str, Position] = {}
        self._steps: list[Broadcast | Step] = []
        self.trimmed = False

    def enter(self, room: str, position: Position) -> None:
        """Note that the connection has been told all of `room` up to `position` by its entry."""
        self._steps.append(Step(room, position.epoch, position.seq, sent=False))
        self._trim()

    def note(self, sent: Iterable[Broadcast]) -> None:
        """Note events of rooms that were sent. Those without a history have no place to remember."""
        self._steps += [item for item in sent if item.seq]
        self._trim()

    def steps_of(self, rooms: Collection[str]) -> list[Step]:
        """Where each of `rooms` stood, and the steps since, oldest first."""
        base = [Step(room, at.epoch, at.seq, sent=False) for room, at in self._base.items() if room in rooms]
        return base + [Step(item.room, item.epoch, item.seq, isinstance(item, Broadcast)) for item in self._steps]

    @staticmethod
    def positions(steps: Sequence[Step], offset: str | None, *, trimmed: bool) -> dict[str, Position] | None:
        """Where a client stands in each room when the event called `offset` is the last that arrived.

        Args:
            steps: as `steps_of` gave them.
            offset: `None` when no event has arrived.
            trimmed: whether older steps were forgotten.

        Returns:
            The positions by room, or `None` when it cannot be told.
        """
        last = next((index for index in range(len(steps) - 1, -1, -1) if _is(steps[index], offset)), None)
        if last is None and (offset is not None or trimmed):
            return None
        positions: dict[str, Position] = {}
        for index, step in enumerate(steps):
            # A room that was entered later was told of as a whole, in an answer.
            if not step.sent or (last is not None and index <= last):
                positions[step.room] = Position(step.epoch, step.seq)
        return positions

    def _trim(self) -> None:
        if len(self._steps) < 2 * _KEPT_STEPS:
            return
        for item in self._steps[:-_KEPT_STEPS]:
            self._base[item.room] = Position(item.epoch, item.seq)
        del self._steps[:-_KEPT_STEPS]
        self.trimmed = True


def _is(step: Step, offset: str | None) -> bool:
    return step.sent and f"{step.epoch}.{step.seq}" == offset
