"""What a process counts about itself, for `/metrics` and for tests that assert counts."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Counters:
    """Plain integers, touched only by the event loop's thread unless said otherwise."""

    connections: int = 0
    tasks: int = 0
    connections_refused: int = 0
    commands: int = 0
    events_encoded: int = 0
    events_received: int = 0
    frames_built: int = 0
    fan_out_rounds: int = 0
    deliveries: int = 0
    slow_clients_closed: int = 0
    events_dropped: int = 0
    gaps_repaired: int = 0
    rooms_reset: int = 0
    bus_reconnects: int = 0
    outbox_swept: int = 0
    snapshots_read: int = 0
    redis_up: int = 1
    bus_up: int = 0
    database_up: int = 1


counters = Counters()
_GAUGES = {"connections", "tasks", "redis_up", "bus_up", "database_up"}


def exposition() -> str:
    """The counters in the Prometheus text format, version 0.0.4."""
    lines: list[str] = []
    for field in fields(counters):
        kind = "gauge" if field.name in _GAUGES else "counter"
        suffix = "" if kind == "gauge" else "_total"
        lines.append(f"# TYPE gateway_{field.name}{suffix} {kind}")
        lines.append(f"gateway_{field.name}{suffix} {getattr(counters, field.name)}")
    return "\n".join(lines) + "\n"
