"""An update of a Yjs document, walked through before the library may see it.

The library trusts counts and depths it reads, and a hostile one ends the whole process. What passes here has
the form of version 1 (yjs, `src/utils/encoding.js`), and this module knows what it needs and adds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from collab.yjs.lib0 import Reader
from gateway.json_limits import loads

# Clocks are 32 bit in the library, and one that overflows would begin again.
_MAX_CLOCK = 2**31
_GC, _SKIP = 0, 10
_HAS_LEFT, _HAS_RIGHT, _HAS_PARENT_KEY = 0x80, 0x40, 0x20
# Types with a name of their own, and the last type there is.
_NAMED_TYPES, _LAST_TYPE = (3, 5), 6


@dataclass(slots=True)
class Outline:
    """What an update adds, deletes and builds on, by client id.

    Attributes:
        begins: the first clock it brings of a client.
        ends: the clock after the last it brings.
        needs: the clock after the last it refers to.
        deletes: the clock after the last it deletes.
    """

    begins: dict[int, int] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    needs: dict[int, int] = field(default_factory=dict)
    deletes: dict[int, int] = field(default_factory=dict)

    def adds_to(self, known: Mapping[int, int]) -> list[int]:
        """The clients of whom it brings more than `known`."""
        return [client for client, end in self.ends.items() if end > known.get(client, 0)]

    def builds_on(self, known: Mapping[int, int]) -> bool:
        """Whether all it refers to is in `known`, or comes with it."""
        if any(begin > known.get(client, 0) for client, begin in self.begins.items()):
            return False
        return all(
            end <= max(known.get(client, 0), self.ends.get(client, 0))
            for needed in (self.needs, self.deletes)
            for client, end in needed.items()
        )


def read_update(update: bytes) -> Outline:
    """Walk through an update.

    Raises:
        ValueError: it is not well formed, or has gaps, as updates have that were merged without what is between.
    """
    reader, outline = Reader(update), Outline()
    for _ in range(reader.count()):
        _read_client(reader, outline)
    for _ in range(reader.count()):
        client = reader.number()
        for _ in range(reader.count()):
            _raise(outline.deletes, client, reader.number() + reader.number())
    reader.finish()
    return outline


def _read_client(reader: Reader, outline: Outline) -> None:
    count, client, clock = reader.count(), reader.number(), reader.number()
    if client in outline.begins:
        raise ValueError("a client comes twice")
    outline.begins[client] = clock
    for _ in range(count):
        length = _read_struct(reader, outline)
        if length < 1:
            raise ValueError("a part is empty")
        clock += length
        _raise(outline.ends, client, clock)


def _read_struct(reader: Reader, outline: Outline) -> int:
    info = reader.byte()
    kind = info & 0x1F
    if kind == _GC:
        return reader.number()
    if kind == _SKIP:
        raise ValueError("it has a gap")
    if info & _HAS_LEFT:
        _read_reference(reader, outline)
    if info & _HAS_RIGHT:
        _read_reference(reader, outline)
    if not info & (_HAS_LEFT | _HAS_RIGHT):
        if reader.number() == 1:
            reader.text()
        else:
            _read_reference(reader, outline)
        if info & _HAS_PARENT_KEY:
            reader.text()
    return _read_content(reader, kind)


def _read_reference(reader: Reader, outline: Outline) -> None:
    _raise(outline.needs, reader.number(), reader.number() + 1)


def _read_content(reader: Reader, kind: int) -> int:
    match kind:
        case 1:
            return reader.number()
        case 2:
            return _repeat(reader, _read_json_or_undefined)
        case 3:
            reader.block()
        case 4:
            # Yjs counts in UTF-16.
            return len(reader.text().encode("utf-16-le")) // 2
        case 5:
            reader.json()
        case 6:
            reader.text()
            reader.json()
        case 7:
            _read_type(reader)
        case 8:
            return _repeat(reader, Reader.skip_any)
        case 9:
            reader.text()
            reader.skip_any()
        case _:
            raise ValueError("a part has no kind")
    return 1


def _repeat(reader: Reader, read: Callable[[Reader], object]) -> int:
    count = reader.count()
    for _ in range(count):
        read(reader)
    return count


def _read_json_or_undefined(reader: Reader) -> None:
    data = reader.block()
    if data != b"undefined":
        loads(data)


def _read_type(reader: Reader) -> None:
    kind = reader.number()
    if kind > _LAST_TYPE:
        raise ValueError("a type is unknown")
    if kind in _NAMED_TYPES:
        reader.text()


def _raise(ends: dict[int, int], client: int, end: int) -> None:
    if end > _MAX_CLOCK:
        raise ValueError("a clock is too large")
    if end > ends.get(client, 0):
        ends[client] = end
