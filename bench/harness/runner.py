"""Running comparisons: every server up, then round after round in turn."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.harness import machine
from bench.harness.build import BUILD
from bench.harness.load import Load, LoadError, running_load
from bench.harness.rows import Case, Comparison
from bench.harness.servers import RunningServer, running_server
from bench.harness.work import HANDSHAKES_AT_ONCE, Sample

# Between rounds, so that what one left behind (closing sockets, a garbage collection) is not put on the next.
SETTLE_SECONDS = 0.2


@dataclass(frozen=True)
class Plan:
    """How often and how long each case is measured, and with what."""

    rounds: int
    seconds: float
    tokens: Path
    streams: list[str]
    services: list[int]


@dataclass(frozen=True)
class _Side:
    case: Case
    server: RunningServer
    load: Load


def turns(comparison: Comparison, plan: Plan) -> int:
    """How many rounds there will be; the first of each case only warms up."""
    return len(comparison.cases) * (plan.rounds + 1)


def run(comparison: Comparison, plan: Plan, advance: Callable[[], None]) -> dict[str, list[Sample]]:
    """The samples of every case, by its name."""
    with ExitStack() as stack:
        sides = _start_all(comparison, plan, stack)
        samples: dict[str, list[Sample]] = {name: [] for name in sides}
        for _ in range(plan.rounds + 1):
            for name, side in sides.items():
                samples[name].append(_round(side, plan))
                advance()
        return {name: taken[1:] for name, taken in samples.items()}


def _start_all(comparison: Comparison, plan: Plan, stack: ExitStack) -> dict[str, _Side]:
    """Start every side with streams of its own: two servers of ours on one Redis would share the rooms."""
    sides, streams = {}, iter(plan.streams)
    for name, case in comparison.cases.items():
        sides[name] = _start(case, list(islice(streams, case.rooms)), plan, stack)
    return sides


def _start(case: Case, streams: list[str], plan: Plan, stack: ExitStack) -> _Side:
    server = stack.enter_context(running_server(case.server))
    load = stack.enter_context(running_load(BUILD / "load", server.wire, server.port, plan.tokens, streams))
    if case.members:
        load.command(f"connect {case.members} {HANDSHAKES_AT_ONCE}")
    return _Side(case, server, load)


def _round(side: _Side, plan: Plan) -> Sample:
    core = machine.core_busy_seconds(machine.SERVER_CORE)
    server, services = machine.usage(side.server.pid), machine.usage(*plan.services)
    answer = side.case.work.run(side.load, plan.seconds)
    server_after, services_after = machine.usage(side.server.pid), machine.usage(*plan.services)
    if answer.get("refused") or not (answer.get("deliveries", 1) or answer.get("acks")):
        raise LoadError(f"{side.case.server} did not do the work: {answer}")
    core_after = machine.core_busy_seconds(machine.SERVER_CORE)
    side.case.work.clear(side.load)
    time.sleep(SETTLE_SECONDS)
    return Sample(
        answer,
        server_after.cpu_seconds - server.cpu_seconds,
        services_after.cpu_seconds - services.cpu_seconds,
        core_after - core,
        server_after.resident_bytes - server.resident_bytes,
    )
