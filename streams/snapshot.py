"""What a joiner is shown: parts the apps contribute, read once for all who join together."""

from collections.abc import Callable

import msgspec

from gateway.database import in_database
from gateway.events import encode
from gateway.metrics import counters
from gateway.shared import SharedReading
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


_readings = SharedReading[msgspec.Raw]()


async def read(card: StreamCard) -> msgspec.Raw:
    """The snapshot of the stream, as JSON, at least as new as this call; a herd of joiners shares it."""
    return await _readings.get(card.id, lambda: _read_now(card))


async def _read_now(card: StreamCard) -> msgspec.Raw:
    counters.snapshots_read += 1
    return await in_database(_read, card)


def _read(card: StreamCard) -> msgspec.Raw:
    return msgspec.Raw(encode({name: part(card) for name, part in _parts.items()}))
