"""lib0's encoding, which all of Yjs is written in (github.com/dmonad/lib0, `encoding.js`)."""

import struct

from gateway.json_limits import loads

# JavaScript's safe integers.
_MAX_INTEGER = 2**53 - 1
_MAX_DEPTH = 32


class Reader:
    """Reads values one after the other from `data`. Every method raises `ValueError` for what is not well formed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes are still to be read."""
        return len(self._data) - self._at

    def finish(self) -> None:
        """Require that nothing follows."""
        if self.left:
            raise ValueError("something follows the end")

    def byte(self) -> int:
        """One byte."""
        if not self.left:
            raise ValueError("it ends too early")
        value = self._data[self._at]
        self._at += 1
        return value

    def raw(self, size: int) -> bytes:
        """That many bytes."""
        if size > self.left:
            raise ValueError("it ends too early")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        """An unsigned integer of variable length."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if value > _MAX_INTEGER:
                raise ValueError("a number is too large")
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number is too long")

    def count(self) -> int:
        """How many things follow; each takes a byte at least, so that no count is larger than what is left."""
        value = self.number()
        if value > self.left:
            raise ValueError("it ends too early")
        return value

    def block(self) -> bytes:
        """Bytes after their length."""
        return self.raw(self.number())

    def text(self) -> str:
        """A text after the length of its UTF-8."""
        return self.block().decode()

    def json(self) -> object:
        """JSON in a text."""
        return loads(self.block())

    def skip_any(self, depth: int = 0) -> None:
        """Pass over a value of any type, as `writeAny` writes it."""
        if depth > _MAX_DEPTH:
            raise ValueError("it nests too deep")
        kind = self.byte()
        if kind == 125:
            self._signed()
        elif kind in _SIZES:
            self.raw(_SIZES[kind])
        elif kind == 119:
            self.text()
        elif kind == 118:
            for _ in range(self.count()):
                self.text()
                self.skip_any(depth + 1)
        elif kind == 117:
            for _ in range(self.count()):
                self.skip_any(depth + 1)
        elif kind == 116:
            self.block()
        else:
            raise ValueError("a value has no type")

    def _signed(self) -> None:
        for _ in range(10):
            if self.byte() < 0x80:
                return
        raise ValueError("a number is too long")


# undefined, null, true and false; 32 and 64 bit floats; 64 bit integers.
_SIZES = {127: 0, 126: 0, 121: 0, 120: 0, 124: struct.calcsize(">f"), 123: struct.calcsize(">d"), 122: 8}


def number(value: int) -> bytes:
    """An unsigned integer of variable length."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def block(data: bytes) -> bytes:
    """Bytes after their length."""
    return number(len(data)) + data


def text(value: str) -> bytes:
    """A text after the length of its UTF-8."""
    return block(value.encode())
