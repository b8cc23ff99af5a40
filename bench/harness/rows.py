"""What is measured: comparisons, each a set of cases run turn by turn and the rows their figures give."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import chain

from bench.harness.servers import BEFORE
from bench.harness.work import Closed, Connect, Idle, Open, Sample, Work

Figure = Callable[[Sample], float]


def cpu_per_delivery(sample: Sample) -> float:
    """Microseconds of the server's CPU for each frame a member received."""
    return sample.server_cpu * 1e6 / sample.answer["deliveries"]


def delivery_p99(sample: Sample) -> float:
    """Milliseconds from when a message was due until all but 1 % of its deliveries had arrived."""
    return float(sample.answer["latency_ms"]["p99"])


def ack_p99(sample: Sample) -> float:
    """Milliseconds from when a message was due until its sender had the ack."""
    return float(sample.answer["ack_ms"]["p99"])


def acked_per_second(sample: Sample) -> float:
    """Messages acked each second."""
    return float(sample.answer["acks"]) / sample.seconds


def connections_per_second(sample: Sample) -> float:
    """Members connected, authenticated and joined each second."""
    return float(sample.answer["connections"]) / sample.seconds


def cpu_per_message(sample: Sample) -> float:
    """Microseconds of the server's CPU for each message from its arrival to the ack."""
    return sample.server_cpu * 1e6 / float(sample.answer["acks"])


def cpu_per_connection(sample: Sample) -> float:
    """Milliseconds of the server's CPU for each member that connected, authenticated and joined."""
    return sample.server_cpu * 1e3 / float(sample.answer["connections"])


def resident_per_connection(sample: Sample) -> float:
    """KiB that the server grew by for each idle member."""
    return sample.grown_bytes / 1024 / sample.answer["connections"]


@dataclass(frozen=True)
class Target:
    """What a row must reach: bounds on the ratio to the peer, on our own figure, or on both."""

    ratio_at_most: float | None = None
    ratio_at_least: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    def met(self, ours: float, ratio: float | None) -> bool:
        """Whether all bounds hold."""
        within = [
            ratio is not None and ratio <= self.ratio_at_most if self.ratio_at_most is not None else True,
            ratio is not None and ratio >= self.ratio_at_least if self.ratio_at_least is not None else True,
            ours <= self.at_most if self.at_most is not None else True,
            ours >= self.at_least if self.at_least is not None else True,
        ]
        return all(within)

    def describe(self, unit: str) -> str:
        """The bounds as people write them."""
        bounds = [("≤", self.ratio_at_most, "×"), ("≥", self.ratio_at_least, "×")]
        bounds += [("≤", self.at_most, f" {unit}"), ("≥", self.at_least, f" {unit}")]
        return ", ".join(f"{sign} {bound:,g}{suffix}" for sign, bound, suffix in bounds if bound is not None)


@dataclass(frozen=True)
class Case:
    """One server doing one piece of work for so many members, spread over so many rooms."""

    server: str
    work: Work
    members: int = 0
    rooms: int = 1


@dataclass(frozen=True)
class Row:
    """One line of the report: the figure of one case beside that of another."""

    work: str
    figure: Figure
    unit: str
    target: Target = field(default_factory=Target)
    ours: str = "ours"
    peer: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Cases that are measured turn by turn: round 1 of each, then round 2 of each, and so on."""

    name: str
    cases: dict[str, Case]
    rows: list[Row]
    # Whether it is one of the few that `--quick` measures.
    quick: bool = False


def _side_by_side(servers: list[str], work: Work, members: int = 0, rooms: int = 1) -> dict[str, Case]:
    return {server: Case(server, work, members, rooms) for server in servers}


PLAIN = "written plainly"
STOCK = ["python-socketio on uvicorn", "Channels on uvicorn", "Channels on daphne"]

COMPARISONS = [
    Comparison(
        "fan-out, 1,000 members, 1 in flight",
        _side_by_side(["ours", "Node", "send loop", *STOCK], Closed(in_flight=1), members=1000),
        [
            Row("fan-out, 1,000 members, 1 in flight", cpu_per_delivery, "µs/delivery", Target(bound), peer=peer)
            for peer, bound in [
                ("Node", 0.65),
                ("send loop", 1.3),
                (STOCK[0], 0.18),
                (STOCK[1], 0.04),
                (STOCK[2], 0.04),
            ]
        ],
        quick=True,
    ),
    Comparison(
        "fan-out, 5,000 members, 16 in flight",
        _side_by_side(["ours", "Node"], Closed(in_flight=16, senders=16), members=5000),
        [Row("fan-out, 5,000 members, 16 in flight", cpu_per_delivery, "µs/delivery", Target(0.20), peer="Node")],
        quick=True,
    ),
    Comparison(
        "hot room, 1,000 members, 200 msg/s",
        _side_by_side(["ours", "Node"], Open(per_second=200, senders=200), members=1000),
        [
            Row("hot room, 1,000 members, 200 msg/s", delivery_p99, "ms (p99)", Target(0.05, at_most=50), peer="Node"),
            Row("hot room, 1,000 members, 200 msg/s", cpu_per_delivery, "µs/delivery", peer="Node"),
        ],
        quick=True,
    ),
    Comparison(
        "connect, authenticate, join",
        _side_by_side(["ours", "Node"], Connect(count=1000)),
        [
            Row("connect, authenticate, join", connections_per_second, "/s", Target(ratio_at_least=1.0), peer="Node"),
            Row("connect, authenticate, join", cpu_per_connection, "ms CPU", peer="Node"),
        ],
    ),
    Comparison(
        "idle connections",
        _side_by_side(["ours", "Node"], Idle(count=1000)),
        [Row("memory per idle connection", resident_per_connection, "KiB", Target(at_most=20), peer="Node")],
    ),
    Comparison(
        "chat, acked",
        {
            "flat out": Case("ours", Closed(in_flight=256, senders=500, until="acked"), members=500, rooms=100),
            "at half": Case("ours", Open(per_second=1500, senders=500, until="acked"), members=500, rooms=100),
            PLAIN: Case(PLAIN, Closed(in_flight=256, senders=500, until="acked"), members=500, rooms=100),
        },
        [
            Row("chat, acked, flat out", acked_per_second, "msg/s", Target(at_least=3000), ours="flat out"),
            Row(
                "full chat path against the same written plainly",
                acked_per_second,
                "msg/s",
                Target(ratio_at_least=8),
                ours="flat out",
                peer=PLAIN,
            ),
            Row("chat, acked, flat out", cpu_per_message, "µs CPU/message", ours="flat out", peer=PLAIN),
            Row("chat, acked, 1,500 msg/s", ack_p99, "ms (p99)", Target(at_most=100), ours="at half"),
        ],
        quick=True,
    ),
    Comparison(
        "gifts",
        {
            "flat out": Case("ours", Closed(in_flight=64, senders=500, until="gifts"), members=500, rooms=100),
            "at half": Case("ours", Open(per_second=250, senders=500, until="gifts"), members=500, rooms=100),
        },
        [
            Row("gifts, acked, flat out", acked_per_second, "gifts/s", Target(at_least=500), ours="flat out"),
            Row("gifts, acked, 250 gifts/s", ack_p99, "ms (p99)", Target(at_most=100), ours="at half"),
        ],
        quick=True,
    ),
    Comparison(
        "many rooms",
        _side_by_side(["ours", "ours, 2 processes"], Closed(in_flight=64, senders=64), members=2000, rooms=100),
        # Both processes share the one core, so what two cores would do follows from the CPU a delivery costs.
        [
            Row(
                "many rooms, 2 processes: CPU against 1",
                cpu_per_delivery,
                "µs/delivery",
                Target(ratio_at_most=2 / 1.8),
                ours="ours, 2 processes",
                peer="ours",
            )
        ],
    ),
    Comparison(
        "growth",
        {
            f"{members:,} members": Case("ours", Closed(in_flight=16, senders=16), members=members)
            for members in (100, 1000, 5000)
        },
        [
            Row(
                f"growth, {members} against 100",
                cpu_per_delivery,
                "µs/delivery",
                Target(ratio_at_most=1.2),
                ours=members,
                peer="100 members",
            )
            for members in ("1,000 members", "5,000 members")
        ],
    ),
]


def against_before(comparison: Comparison) -> Comparison:
    """Our cases of a comparison beside the same ones of another revision; its targets are not asked."""
    ours = {name: case for name, case in comparison.cases.items() if case.server.startswith("ours")}
    before = {f"{name}, {BEFORE}": replace(case, server=f"{case.server}, {BEFORE}") for name, case in ours.items()}
    rows = {(row.ours, row.figure): row for row in comparison.rows if row.ours in ours}
    return replace(
        comparison,
        # Side by side in time too, whatever the machine is doing.
        cases=dict(chain.from_iterable(zip(ours.items(), before.items(), strict=True))),
        rows=[replace(row, target=Target(), peer=f"{row.ours}, {BEFORE}") for row in rows.values()],
    )
