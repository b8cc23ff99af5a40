"""The stock JavaScript client, asked to recover, says `recovered === true` and has missed nothing."""

import asyncio
import json

import pytest

from gateway.testing import Reply
from tests.people import done, hear, heard, join, say
from tests.test_stock_clients import WAYS, NodeClient, node

__all__ = ["node"]


class Returner(NodeClient):
    """A client that loses its transport, and comes back when told to."""

    script = "returner.mjs"

    async def lose(self) -> None:
        """Lose the transport."""
        count = len(self.named("$disconnect"))
        self._write(json.dumps({"do": "cut"}))
        while len(self.named("$disconnect")) == count:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)

    async def come(self, url: str) -> dict:
        """Connect again; returns what the stock client knows of itself then."""
        count = len(self.named("$connect"))
        self._write(json.dumps({"do": "come", "url": url}))
        while len(self.named("$connect")) == count:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)
        return self.named("$connect")[-1]


@pytest.fixture
async def member(servers, bob, stream, request):
    """Bob in the stream's room."""
    client = Returner(request.param)
    await client.connect(servers[0].url, bob.token)
    await join(client, stream)
    yield client
    await client.close()


@pytest.mark.parametrize("member", WAYS, indirect=True)
@pytest.mark.parametrize("place", [0, 1], ids=["the same process", "another process"])
async def test_it_is_where_it_was(servers, mona, stream, crowd, member, place):
    speaker = await crowd.join(servers[1], mona, stream)
    (first,) = member.named("$connect")
    assert first["recovered"] is False
    done(await say(speaker, stream, "before"))
    await hear(member, "before")

    await member.lose()
    for number in range(3):
        done(await say(speaker, stream, f"missed {number}"))
    second = await member.come(servers[place].url)
    done(await say(speaker, stream, "after"))
    await hear(member, "after")

    assert second == {"id": first["id"], "recovered": True}
    assert heard(member) == ["before", "missed 0", "missed 1", "missed 2", "after"]
    reply: Reply = await say(member, stream, "and I speak")
    done(reply)
    await hear(member, "and I speak")
