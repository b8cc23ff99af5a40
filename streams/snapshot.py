"""What a joiner is shown: parts the apps contribute, read once for all who join together."""

import asyncio
from collections.abc import Callable

import msgspec

from gateway.database import in_database
from gateway.events import encode
from streams.selectors import StreamCard

# A stream -> this part of its snapshot. Runs in a database thread.
Part = Callable[[StreamCard], object]
_parts: dict[str, Part] = {
    "throne": lambda card: None,
    "battle": lambda card: None,
    "pinned": lambda card: None,
    "settings": lambda card: {"slowModeSeconds": card.slow_mode_seconds},
}


def contribute(name: str) -> Callable[[Part], Part]:
    """Decorator: let a function supply the part of the snapshot called `name`."""

    def register(part: Part) -> Part:
        _parts[name] = part
        return part

    return register


class SnapshotReader:
    """Reads snapshots so that a herd of joiners costs one reading, not one each.

    A joiner may share only a reading that began after its own asking: anything older may lack events
    the joiner was not yet there to hear.
    """

    def __init__(self) -> None:
        self._reading: dict[str, asyncio.Task[msgspec.Raw]] = {}
        self._next: dict[str, asyncio.Task[msgspec.Raw]] = {}

    async def read(self, card: StreamCard) -> msgspec.Raw:
        """The snapshot of the stream, as JSON, at least as new as this call."""
        waiting = self._next.get(card.id)
        if waiting is None:
            before = self._reading.get(card.id)
            waiting = self._next[card.id] = asyncio.ensure_future(self._read_after(before, card))
        return await asyncio.shield(waiting)

    async def _read_after(self, before: "asyncio.Task[msgspec.Raw] | None", card: StreamCard) -> msgspec.Raw:
        if before is not None:
            await asyncio.wait([before])
        # From here on the reading is under way: who asks now needs the one after it.
        task = self._next.pop(card.id)
        self._reading[card.id] = task
        try:
            return await in_database(_read, card)
        finally:
            if self._reading.get(card.id) is task:
                del self._reading[card.id]


def _read(card: StreamCard) -> msgspec.Raw:
    return msgspec.Raw(encode({name: part(card) for name, part in _parts.items()}))


reader = SnapshotReader()
