"""The pieces of work a server can be given, and what one round of one tells."""

from dataclasses import dataclass
from typing import Literal, Protocol

from bench.harness.load import Answer, Load

# Enough to keep a server busy, few enough for the shortest listen queue (daphne's holds 50).
HANDSHAKES_AT_ONCE = 32
# Above this share of its core the load side may be what was measured.
SATURATED = 0.85
# Above this share of the server's core, work of others makes rates and latencies worthless and CPU time doubtful.
DISTURBED = 0.10

# `gifts` are sent instead of messages, and waited for until they are acked.
Until = Literal["delivered", "acked", "gifts"]


@dataclass(frozen=True)
class Sample:
    """One round: what the load generator saw and what the processes used meanwhile."""

    answer: Answer
    server_cpu: float
    services_cpu: float
    core_busy: float
    grown_bytes: int

    @property
    def seconds(self) -> float:
        """How long the round took."""
        return float(self.answer["seconds"])

    @property
    def load_share(self) -> float:
        """The share of its core that the load generator, PostgreSQL and Redis used."""
        return (float(self.answer["load_cpu"]) + self.services_cpu) / self.seconds

    @property
    def others_share(self) -> float:
        """The share of the server's core that something else used."""
        return max(0.0, self.core_busy - self.server_cpu) / self.seconds


class Work(Protocol):
    """Something to do in each round, between a preparation and a clearing away that are not measured."""

    def run(self, load: Load, seconds: float) -> Answer:
        """Do one round of about `seconds`."""
        ...

    def clear(self, load: Load) -> None:
        """Make ready for the next round."""
        ...


@dataclass(frozen=True)
class Closed:
    """A fixed number of messages under way; each is followed by the next when it is complete."""

    in_flight: int
    senders: int = 1
    until: Until = "delivered"

    def run(self, load: Load, seconds: float) -> Answer:
        """Send for `seconds`, then wait for what is under way."""
        return load.command(f"run closed {self.in_flight} {seconds} {self.senders} {self.until}")

    def clear(self, load: Load) -> None:
        """Nothing stays behind."""


@dataclass(frozen=True)
class Open:
    """Messages on a schedule, whether or not the server keeps up."""

    per_second: int
    senders: int = 1
    until: Until = "delivered"

    def run(self, load: Load, seconds: float) -> Answer:
        """Send for `seconds`, then wait for what is under way."""
        return load.command(f"run open {self.per_second} {seconds} {self.senders} {self.until}")

    def clear(self, load: Load) -> None:
        """Nothing stays behind."""


@dataclass(frozen=True)
class Connect:
    """So many members come, and leave before the next round."""

    count: int

    def run(self, load: Load, seconds: float) -> Answer:
        """Connect, authenticate and join, a fixed number at once."""
        return load.command(f"connect {self.count} {HANDSHAKES_AT_ONCE}")

    def clear(self, load: Load) -> None:
        """Let them go."""
        load.command("close")


@dataclass(frozen=True)
class Idle:
    """So many more members come each round, and stay."""

    count: int

    def run(self, load: Load, seconds: float) -> Answer:
        """Connect, authenticate and join."""
        return load.command(f"connect {self.count} {HANDSHAKES_AT_ONCE}")

    def clear(self, load: Load) -> None:
        """Everybody stays."""
