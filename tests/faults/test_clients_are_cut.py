"""A client whose connection is cut anywhere, again and again: it has no gap, no duplicate and no inversion."""

import asyncio
import itertools
from collections.abc import Coroutine
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gateway.bus import RoomEvent, publish_pipeline
from gateway.events import Delivery
from gateway.redis_clients import sync_redis
from gateway.rooms import Room
from gateway.testing_servers import ServerProcess
from gateway.wire import Wire
from tests.faults.conftest import open_servers
from tests.faults.report import PATIENCE_SECONDS, Report
from tests.faults.viewers import Viewer
from tests.people import Person, make_stream

STEPS = 50
BYTES = some.integers(0, 6000)
SERVERS = some.integers(0, 1)
WIRES = some.sampled_from([Wire.WEBSOCKET, Wire.SOCKETIO])


class Cuts(RuleBasedStateMachine):
    """One viewer of one room; `servers`, `host` and `totals` are set for the run."""

    servers: list[ServerProcess]
    host: Person
    bob: Person
    totals: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stream_id = str(make_stream(self.host).pk)
        self.viewer = Viewer(self.bob, self.stream_id)
        self.published = 0
        self.missed = 0
        self.run(self.viewer.watch(self.servers[0]))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def publish(self, count: int) -> None:
        if not count:
            return
        room = Room("stream", self.stream_id)
        numbers = range(self.published, self.published + count)
        self.published += count
        self.missed += count
        publish_pipeline(
            [
                RoomEvent(
                    room=room.wire,
                    name="test:event",
                    body=f'{{"id":"{number}","streamId":"{self.stream_id}","eventId":"{self.stream_id}-{number}"}}',
                    delivery=Delivery.ORDERED,
                    id=f"{self.stream_id}-{number}",
                )
                for number in numbers
            ]
        )

    async def all_or_cut(self) -> None:
        """Wait until the viewer has heard all, or its socket has ended."""
        assert self.viewer.client is not None
        try:
            # Every numbered event of the room is one of ours; what a snapshot told does not come again.
            await self.viewer.until(
                lambda viewer: (
                    viewer.client.lost.is_set() or (viewer.at is not None and viewer.at[1] == self.published)
                ),
                PATIENCE_SECONDS,
            )
        except TimeoutError:
            raise AssertionError(f"{self.published} events were published, and it is at {self.viewer.at}") from None

    @rule(count=some.integers(1, 30))
    def events_come(self, count: int) -> None:
        self.publish(count)

    @rule(after=BYTES, count=some.integers(0, 40), server=SERVERS, wire=WIRES, meanwhile=some.integers(0, 40))
    def it_is_cut_while_events_come(self, after: int, count: int, server: int, wire: Wire, meanwhile: int) -> None:
        async def cut() -> None:
            self.viewer.cut_after(after)
            await asyncio.to_thread(self.publish, count)
            waiting = asyncio.ensure_future(self.all_or_cut())
            ended = asyncio.ensure_future(self.viewer.client.lost.wait())
            await asyncio.wait([waiting, ended], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            ended.cancel()
            self.viewer.vanish()

        self.run(cut())
        self.come_back(server, wire, meanwhile)

    @rule(after=some.integers(0, 1500), server=SERVERS, wire=WIRES)
    def it_is_cut_while_it_comes_back(self, after: int, server: int, wire: Wire) -> None:
        self.viewer.vanish()
        self.viewer.wire = wire

        async def come_half() -> None:
            try:
                await self.viewer.watch(self.servers[server], cut_after=after)
            except OSError:
                self.totals["cut on the way in"] += 1
            self.viewer.vanish()

        self.run(come_half())
        self.come_back(1 - server, wire)

    @precondition(lambda self: self.published)
    @rule(server=SERVERS)
    def it_is_away_for_longer_than_the_history_reaches(self, server: int) -> None:
        self.viewer.vanish()
        resets = self.viewer.resets
        self.publish(settings.GATEWAY_HISTORY_EVENTS * 2)
        self.come_back(server, self.viewer.wire)
        assert self.viewer.resets == resets + 1
        self.totals["told to take a snapshot"] += 1

    def come_back(self, server: int, wire: Wire, meanwhile: int = 0) -> None:
        self.totals["cuts"] += 1
        self.viewer.wire = wire
        resets, at = self.viewer.resets, self.viewer.at
        within = at is not None and self.published + meanwhile - at[1] <= settings.GATEWAY_HISTORY_EVENTS

        def one_by_one() -> None:
            for _ in range(meanwhile):
                self.publish(1)

        async def come_while_events_come() -> None:
            # They come while it is on its way in: told by its answer, or held back for it, and never both.
            await asyncio.gather(self.viewer.watch(self.servers[server]), asyncio.to_thread(one_by_one))

        self.run(come_while_events_come())
        self.nothing_is_wrong()
        if within:
            assert self.viewer.resets == resets, "it could have been told what it missed"

    def nothing_is_wrong(self) -> None:
        assert self.viewer.gaps == 0
        assert self.viewer.doubles == 0
        assert self.viewer.repeated == 0

    def teardown(self) -> None:
        try:
            self.nothing_is_wrong()
            self.run(self.all_or_cut())
        finally:
            self.viewer.vanish()
            self.run(asyncio.sleep(0))
            self.runner.close()
        heard = list(map(int, self.viewer.heard))
        self.totals["events"] += self.published
        self.totals["gaps"] += self.viewer.gaps
        self.totals["duplicates"] += self.viewer.doubles + self.viewer.repeated
        self.totals["inversions"] += sum(here > there for here, there in itertools.pairwise(heard))
        complete = self.viewer.resets or heard == list(range(self.published))
        assert complete, "something was missed and nobody said so"
        self.nothing_is_wrong()
        assert heard == sorted(heard)


def run_in_thread(machine: type[Cuts], rules: hypothesis_settings) -> None:
    """Run the machine, and leave no connection behind."""
    try:
        run_state_machine_as_test(machine, settings=rules)
    finally:
        connections.close_all()
        sync_redis().close()


@pytest.mark.parametrize("times", [10, pytest.param(1000, marks=pytest.mark.faults)])
async def test_a_client_is_cut_at_random_points(times, redis, alice, bob, report: Report):
    totals = dict.fromkeys(
        ["cuts", "cut on the way in", "told to take a snapshot", "events", "gaps", "duplicates", "inversions"], 0
    )
    async with open_servers(redis.url, redis.url) as servers:
        machine = type("Run", (Cuts,), {"servers": servers, "host": alice, "bob": bob, "totals": totals})
        rules = hypothesis_settings(
            max_examples=max(times // 20, 2),
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        # The machine has an event loop of its own, in a thread of its own.
        await asyncio.to_thread(run_in_thread, machine, rules)
    report.line(**totals)
    assert totals["cuts"] >= times
