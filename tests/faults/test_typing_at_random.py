"""Stock editors type at random while connections, processes and Redis fail, and all end with one text."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from collab.documents import Replica
from collab.models import Role, Session
from gateway.database import in_database
from gateway.testing_servers import ServerProcess, server_process
from tests.collab.companion import Companion
from tests.collab.editors import Editor, editor, require_yjs
from tests.collab.sessions import make_session
from tests.faults.burst import soon
from tests.faults.conftest import ENVIRONMENT, open_servers
from tests.faults.report import Report
from tests.gateway.own_redis import OwnRedis
from tests.people import Person

# Between two changes of one client.
PAUSE_SECONDS = 0.04
# A text, and how much of each client of Yjs is known.
Known = tuple[str, dict[int, int]]


class Typists:
    """Two stock providers, each on a process of its own, and a Socket.IO client on either."""

    def __init__(self, session: Session, servers: list[ServerProcess], seed: int, redis: OwnRedis) -> None:
        self.session = session
        self.servers = servers
        self.editors: list[Editor] = []
        self._random = random.Random(seed)
        self._seed = seed
        self._redis = redis

    async def start(self, stack: AsyncExitStack, people: list[Person]) -> None:
        """Let all begin to type."""
        self._stack = stack
        for server, person in zip(self.servers, people, strict=False):
            self.editors.append(await stack.enter_async_context(editor(server, person, self.session)))
        self.companion = Companion(people[2], self.session, self.servers, self._seed)
        stack.push_async_callback(self.companion.close)
        await asyncio.gather(*(one.synced() for one in self.editors))
        for number, one in enumerate(self.editors):
            one.tell("type", seed=self._seed * 2 + number, every=PAUSE_SECONDS * 1000)
        await self.companion.come()
        self._writing = asyncio.ensure_future(self.companion.write(PAUSE_SECONDS))
        stack.callback(self._writing.cancel)

    async def rest(self) -> None:
        """Let all stop typing."""
        for one in self.editors:
            one.tell("rest")
        self.companion.rest()
        await self._writing

    async def cut(self) -> None:
        """One editor's connection is lost."""
        self._random.choice(self.editors).tell("cut")

    async def kill(self) -> None:
        """A process is killed, and started again where it was."""
        number = self._random.randrange(len(self.servers))
        await self.servers[number].kill()
        # Whoever was on it cannot say again what it has been told: it must be in the log by itself.
        await self.nothing_is_lost()
        env = {**ENVIRONMENT, "REDIS_URL": self._redis.url}
        again = server_process("gateway", port=self.servers[number].port, env=env)
        self.servers[number] = await self._stack.enter_async_context(again)

    async def restart_redis(self) -> None:
        """Redis is killed, and comes back empty."""
        self._redis.kill()
        await self.nothing_is_lost()
        await self._redis.start()

    async def nothing_is_lost(self) -> int:
        """See that the log holds what anybody was told or had acknowledged; returns how many letters these were."""
        told = [await one.was_told() for one in self.editors]
        told.append({self.companion.client_id: self.companion.acked})
        _, kept = await in_database(in_the_log, self.session)
        for clocks in told:
            assert {client: kept.get(client, 0) for client in clocks if kept.get(client, 0) < clocks[client]} == {}
        return sum(max(clocks.get(client, 0) for clocks in told) for client in kept)

    async def agree(self) -> bool:
        """Whether all have the same text and know the same of each other as the log."""
        await self.companion.keep_up()
        known = [await one.knows() for one in self.editors]
        kept = await in_database(in_the_log, self.session)
        return all(one == kept for one in [*known, self.companion.says()])


def in_the_log(session: Session) -> Known:
    """What a process that has seen nothing of the session reads from PostgreSQL."""
    replica = Replica(session.pk)
    replica.catch_up()
    return replica.text, replica.known()


async def type_at_random(
    seed: int, seconds: float, faults: list[str], redis: OwnRedis, people: list[Person], report: Report
) -> None:
    """Let three type for some seconds, in which the faults come one after the other."""
    require_yjs()
    session = await in_database(make_session, people[0], dict.fromkeys(people[1:3], Role.EDITOR))
    async with open_servers(redis.url, redis.url) as servers, AsyncExitStack() as stack:
        typists = Typists(session, servers, seed, redis)
        await typists.start(stack, people)
        end = asyncio.get_running_loop().time() + seconds
        for number, fault in enumerate(faults):
            # How long they type before the next fault is the test's input.
            left = end - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, left / (len(faults) + 1 - number)))
            await getattr(typists, fault)()
        await asyncio.sleep(max(0.0, end - asyncio.get_running_loop().time()))
        await typists.rest()
        agreed = await soon(typists.agree)
        told = await typists.nothing_is_lost()
        text, kept = typists.companion.says()
        assert told == sum(kept.values())
        report.line(written=sum(kept.values()), left=len(text), faults=len(faults), agreed_after=agreed)


async def test_all_end_with_one_text(redis, people, report: Report):
    await type_at_random(7, 2, ["cut", "kill", "cut", "restart_redis"], redis, people, report)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(20))
async def test_all_end_with_one_text_after_a_minute(seed, redis, people, report: Report):
    faults = ["cut"] * 6 + ["kill"] * 3 + ["restart_redis"]
    random.Random(seed).shuffle(faults)
    await type_at_random(seed, 60, faults, redis, people, report)
