"""Lines of a stream's chat that tell of gifts: gifts write them, the app that keeps the chat says how."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class GiftLine:
    """How far one combo of gifts has come. Each combo has one line, which grows with it."""

    combo_id: int
    stream_id: int
    sender_id: int
    gift_id: str
    gift_name: str
    count: int
    coins: int
    at: datetime


# Lines -> the ids of their messages, by combo. Runs in the caller's transaction.
Writer = Callable[[Sequence[GiftLine]], Mapping[int, int]]
_writers: list[Writer] = []


def writes_gift_lines(writer: Writer) -> Writer:
    """Decorator: let a function of the app that keeps the chat write the lines."""
    _writers[:] = [writer]
    return writer


def write_gift_lines(lines: Sequence[GiftLine]) -> Mapping[int, int]:
    """Write lines, or write them anew, in the caller's transaction; one whose count is 0 is taken away.

    Args:
        lines: the last state of each combo.

    Returns:
        The ids of their messages in the chat, by combo.
    """
    (writer,) = _writers
    return writer(lines)
