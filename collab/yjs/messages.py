"""The messages of y-protocols and y-websocket (github.com/yjs/y-protocols, PROTOCOL.md).

A sync message is what Socket.IO clients send and get as `message` of `collab:sync`: `readSyncMessage` and
`writeSyncStep1` of y-protocols read and write it. A y-websocket frame is such a message after its kind.
"""

from dataclasses import dataclass
from enum import IntEnum

import msgspec

from collab.yjs.lib0 import Reader, block, number, text

_MAX_STATES = 256


class Frame(IntEnum):
    """What a y-websocket frame holds."""

    SYNC = 0
    AWARENESS = 1
    AUTH = 2
    QUERY_AWARENESS = 3


class Step(IntEnum):
    """What a sync message is: a question for what is missing, the answer, or an update that just happened."""

    QUESTION = 0
    ANSWER = 1
    UPDATE = 2


@dataclass(frozen=True, slots=True)
class Sync:
    """A sync message. `data` is a state vector when it is a question, else an update."""

    step: Step
    data: bytes


@dataclass(frozen=True, slots=True)
class State:
    """What one client of Yjs says of itself; `value` is `None` when it has gone."""

    client_id: int
    clock: int
    value: dict[str, object] | None


def read_sync(message: bytes) -> Sync:
    """A sync message. Raises `ValueError` for anything else."""
    reader = Reader(message)
    step = Step(reader.number())
    data = reader.block()
    reader.finish()
    return Sync(step, data)


def write_sync(step: Step, data: bytes) -> bytes:
    """A sync message."""
    return number(step) + block(data)


def read_state_vector(data: bytes) -> dict[int, int]:
    """How much of each client is known, by client id. Raises `ValueError`."""
    reader = Reader(data)
    vector = {reader.number(): reader.number() for _ in range(reader.count())}
    reader.finish()
    return vector


def read_awareness(message: bytes) -> list[State]:
    """The states of an awareness update. Raises `ValueError`."""
    reader = Reader(message)
    count = reader.count()
    if count > _MAX_STATES:
        raise ValueError("too many states")
    states = [_state(reader) for _ in range(count)]
    reader.finish()
    return states


def _state(reader: Reader) -> State:
    client_id, clock, value = reader.number(), reader.number(), reader.json()
    if value is not None and not isinstance(value, dict):
        raise ValueError("a state is an object or null")
    return State(client_id, clock, value)


def write_awareness(states: list[State]) -> bytes:
    """An awareness update."""
    parts = [
        number(state.client_id) + number(state.clock) + block(msgspec.json.encode(state.value)) for state in states
    ]
    return number(len(states)) + b"".join(parts)


def read_frame(frame: bytes) -> tuple[Frame, bytes]:
    """What a y-websocket frame holds, and the message in it. Raises `ValueError`."""
    reader = Reader(frame)
    kind = Frame(reader.number())
    return kind, reader.block() if kind is Frame.AWARENESS else reader.raw(reader.left)


def sync_frame(message: bytes) -> bytes:
    """A sync message as y-websocket sends it."""
    return number(Frame.SYNC) + message


def awareness_frame(message: bytes) -> bytes:
    """An awareness update as y-websocket sends it."""
    return number(Frame.AWARENESS) + block(message)


def denial_frame(reason: str) -> bytes:
    """A refusal as y-websocket sends it: stock clients write the reason to their console."""
    return number(Frame.AUTH) + number(0) + text(reason)
