"""What a joiner is shown: parts the apps contribute, read once for all who join together."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import msgspec
from django.utils import timezone

from gateway.bus import Position, bus
from gateway.database import in_database
from gateway.events import encode
from gateway.local_room import Joining, LocalRoom
from gateway.metrics import counters
from gateway.shared import SharedReading
from gateway.wire import Broadcast
from streams.events.chat import ChatRules
from streams.selectors import StreamCard

# A stream -> this part of its snapshot. Runs in a database thread.
Part = Callable[[StreamCard], object]
_parts: dict[str, Part] = {
    "throne": lambda card: None,
    "battle": lambda card: None,
    "pinned": lambda card: None,
    "settings": lambda card: ChatRules.of(card.chat, timezone.now()),
}


def contribute(name: str) -> Callable[[Part], Part]:
    """Decorator: let a function supply the part of the snapshot called `name`."""

    def register(part: Part) -> Part:
        _parts[name] = part
        return part

    return register


# More joiners than this within half a second are a herd, until a second passes without a joiner.
_HERD = 8
_HERD_WINDOW_SECONDS = 0.5
_HERD_SECONDS = 1.0
# A herd may share a reading this long, with all that was told since.
_SHARED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class View:
    """A stream as its joiners are shown it.

    Attributes:
        position: where the room stood before `parts` were read.
        parts: the snapshot, as JSON.
        recent: what the room has told since the reading began.
    """

    position: Position
    parts: msgspec.Raw
    recent: list[Broadcast]


class _Joiners:
    """Those who join one stream here: how many lately, and the reading they may share."""

    def __init__(self) -> None:
        self._came: deque[float] = deque(maxlen=_HERD)
        self._herd_until = 0.0
        self._began = 0.0
        self._reading: asyncio.Task[View] | None = None
        self._recent: list[Broadcast] | None = None

    def are_herd(self) -> bool:
        """Note one more, and return whether so many come that they share what was read for another."""
        now = time.monotonic()
        is_full = len(self._came) == _HERD
        if now < self._herd_until or (is_full and now - self._came[0] <= _HERD_WINDOW_SECONDS):
            self._herd_until = now + _HERD_SECONDS
        self._came.append(now)
        return now < self._herd_until

    def began(self, recent: list[Broadcast]) -> None:
        """A reading has begun, in the current task."""
        self._began, self._recent = time.monotonic(), recent
        self._reading = cast("asyncio.Task[View]", asyncio.current_task())

    def shared(self, local: LocalRoom) -> "asyncio.Task[View] | None":
        """The latest reading, when all that `local` has told since is known."""
        reading = self._reading
        if reading is None or self._recent is not local.recent or time.monotonic() - self._began > _SHARED_SECONDS:
            return None
        has_failed = reading.done() and (reading.cancelled() or reading.exception() is not None)
        return None if has_failed else reading

    @property
    def are_idle(self) -> bool:
        """Whether nobody has come for so long that nothing here is worth keeping."""
        return time.monotonic() - self._came[-1] > _SHARED_SECONDS


_readings = SharedReading[View]()
_joiners: dict[str, _Joiners] = {}


async def view(card: StreamCard, entry: Joining) -> View:
    """The stream as `entry`, on its way into its room, is shown it: at least as new as this call.

    One who joins alone has it read now. A herd shares one reading, and is told after it what the room has told since.
    """
    joiners = _joiners.get(card.id)
    if joiners is None:
        _forget_idle()
        joiners = _joiners[card.id] = _Joiners()
    shared = joiners.shared(entry.local) if joiners.are_herd() else None
    while shared is not None:
        found = await asyncio.shield(shared)
        latest = joiners.shared(entry.local)
        if latest is shared:
            entry.rewind(found.recent)
            return found
        # What is kept is kept since a newer reading began, which serves as well.
        shared = latest
    return await _readings.get(card.id, lambda: _read_now(card, entry.local, joiners))


def _forget_idle() -> None:
    for stream_id in [stream_id for stream_id, joiners in _joiners.items() if joiners.are_idle]:
        del _joiners[stream_id]


async def _read_now(card: StreamCard, local: LocalRoom, joiners: _Joiners) -> View:
    counters.snapshots_read += 1
    recent = local.remember()
    joiners.began(recent)
    # The position is read before the snapshot: what happens in between is in both, and missing from neither.
    position = await bus.position(local.room)
    return View(position, await in_database(_read, card), recent)


def _read(card: StreamCard) -> msgspec.Raw:
    return msgspec.Raw(encode({name: part(card) for name, part in _parts.items()}))
