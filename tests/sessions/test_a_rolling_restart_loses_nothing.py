"""Two processes are drained and replaced one after the other under traffic: nothing acked is lost or heard twice."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from itertools import count, cycle

import aiohttp
import pytest

from gateway.database import in_database
from gateway.testing import LIVE_TRANSPORTS, Refused, make_client
from gateway.testing_servers import free_port, server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import eventually, join, make_people, say
from tests.sessions.operators import manage, name_of

# Between two messages of a speaker, so that its limit lasts for the whole restart.
PACE_SECONDS = 0.3
LOST = (Refused, OSError, TimeoutError, RuntimeError, aiohttp.ClientError)


class Viewer:
    """Somebody who comes back to whichever process lets them in, and asks for what they missed."""

    def __init__(self, person, stream, urls, transport) -> None:
        self.person, self.stream, self.transport = person, stream, transport
        self.places = cycle(urls)
        self.client = None
        self.clients = []
        self.recovered = []

    async def stay(self) -> None:
        """Be in the room until cancelled."""
        while True:
            with contextlib.suppress(*LOST, AssertionError):
                await self.come()
                await self.client.closed.wait()
            self.client = None

    async def come(self) -> None:
        client = make_client(self.transport)
        try:
            await client.connect(next(self.places), self.person.token)
            answer = await join(client, self.stream, **({"since": since} if (since := self.since()) else {}))
        except BaseException:
            await client.close()
            raise
        self.clients.append(client)
        self.recovered.append(answer["recovered"])
        self.client = client

    def since(self):
        """Where this viewer stands in the room's history."""
        if not self.clients:
            return None
        last = (self.messages() or self.clients[0].named("stream:join"))[-1]
        return {"epoch": last["epoch"], "seq": last["seq"]}

    def messages(self) -> list[dict]:
        """All messages in the order they came, live or as missed ones."""
        found = []
        for client in self.clients:
            for event in client.events:
                if event.name == "chat:new":
                    found.append(event.data)
                elif event.name == "stream:join" and "title" in event.data:
                    found += [missed["data"] for missed in event.data["events"] if missed["event"] == "chat:new"]
        return found


async def talk(viewer: Viewer, stream, enough: asyncio.Event) -> list[str]:
    """Write until there is enough, each message until it is acked; returns what was acked."""
    acked = []
    for number in count():
        if enough.is_set():
            return acked
        text = f"{viewer.person.name} says {number}"
        while True:
            with contextlib.suppress(*LOST):
                if viewer.client is not None and (await say(viewer.client, stream, text, cid=f"m{number}")).ok:
                    break
            await asyncio.sleep(0.05)
        acked.append(text)
        await asyncio.sleep(PACE_SECONDS)
    raise AssertionError


@pytest.fixture
async def people():
    """Moderators, because they may write this fast."""
    return await in_database(make_people, 6, "member", is_moderator=True)


async def test_everybody_hears_every_acked_message_once_and_in_order(people, stream):
    ports = [free_port(), free_port()]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    async with AsyncExitStack() as stack:
        first = [
            await stack.enter_async_context(server_process("gateway", port=port, env=SERVER_ENVIRONMENT))
            for port in ports
        ]
        viewers = [
            Viewer(person, stream, urls if number % 2 else urls[::-1], LIVE_TRANSPORTS[number % 3])
            for number, person in enumerate(people)
        ]
        staying = [asyncio.ensure_future(viewer.stay()) for viewer in viewers]
        await everybody_is_in(viewers)
        enough = asyncio.Event()
        talking = [asyncio.ensure_future(talk(viewer, stream, enough)) for viewer in viewers[:3]]

        for server in first:
            await manage("drain", await name_of(server.process.pid))
            await asyncio.wait_for(server.process.wait(), 30)
            await stack.enter_async_context(server_process("gateway", port=server.port, env=SERVER_ENVIRONMENT))
        enough.set()
        acked = [text for texts in await asyncio.gather(*talking) for text in texts]
        await everybody_has_heard(viewers, acked)

        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
        await asyncio.gather(*(client.close() for viewer in viewers for client in viewer.clients))

    orders = {tuple((data["message"], data["seq"]) for data in viewer.messages()) for viewer in viewers}
    for viewer in viewers:
        messages = viewer.messages()
        seqs = [data["seq"] for data in messages]
        assert seqs == sorted(set(seqs)), "heard twice, or out of order"
        assert sorted(data["message"] for data in messages) == sorted(acked)
        assert len(viewer.clients) > 1
        assert all(viewer.recovered[1:]), "somebody was given a snapshot instead of what was missed"
    assert len(orders) == 1


async def everybody_is_in(viewers) -> None:
    """Wait until each viewer has joined: nobody is told what was said before."""

    async def they_are() -> bool:
        return all(viewer.client is not None for viewer in viewers)

    await eventually(they_are, 30)


async def everybody_has_heard(viewers, texts) -> None:
    """Wait until each viewer has heard all of `texts`.

    Raises:
        AssertionError: not in time, with what was missing to whom.
    """

    def missing() -> dict[str, set[str]]:
        heard = {viewer: {data["message"] for data in viewer.messages()} for viewer in viewers}
        return {
            f"{viewer.person.name} by {viewer.transport}": set(texts) - heard[viewer]
            for viewer in viewers
            if not set(texts) <= heard[viewer]
        }

    async def they_have() -> bool:
        return not missing()

    try:
        await eventually(they_have, 30)
    except TimeoutError:
        raise AssertionError(f"not heard: {missing()}") from None
