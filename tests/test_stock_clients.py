"""The stock clients of released apps and of scripts, and plain WebSockets, in one room on two processes."""

import asyncio
import json
import os
import shutil
from itertools import cycle
from pathlib import Path

import pytest

from gateway.database import in_database
from gateway.testing import EVENT_SECONDS, Client, Refused, Reply
from tests.people import all_has_arrived, closing, done, hear, join, make_people, rest, say

CLIENTS = Path(__file__).parent / "clients-js"
EACH = 10
WAYS = ["websocket", "polling,websocket", "polling"]


class NodeClient(Client):
    """The stock socket.io-client in a process of its own."""

    script = "member.mjs"

    def __init__(self, transports: str) -> None:
        super().__init__()
        self._transports = transports
        self._answers: dict[int, asyncio.Future[Reply]] = {}

    async def connect(self, url: str, token: str | None) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "node", self.script, url, self._transports, cwd=CLIENTS,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
        )  # fmt: skip
        self._reader = asyncio.ensure_future(self._read())
        self._write(token or "")
        await self.wait_for("$outcome")
        if self.named("$refused"):
            raise Refused(self.named("$refused")[0])

    async def call(self, event: str, data: dict) -> Reply:
        number = len(self._answers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._write(json.dumps({"id": number, "event": event, "data": data}))
        return await asyncio.wait_for(answer, EVENT_SECONDS)

    async def emit(self, event: str, data: dict) -> None:
        self._write(json.dumps({"id": None, "event": event, "data": data}))

    async def close(self) -> None:
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), EVENT_SECONDS)
        await self._reader

    def _write(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n".encode())

    async def _read(self) -> None:
        async for line in self._process.stdout:
            name, data = json.loads(line)
            if name == "$answer":
                answer = data["answer"]
                reply = Reply(answer["ok"], answer.get("data", {}), answer.get("error", {}))
                self._answers[data["id"]].set_result(reply)
                continue
            self._take(name, data)
            if name in ("$connect", "$refused"):
                self._take("$outcome", {})
            if name == "$disconnect":
                self.closed.set()


@pytest.fixture(scope="session", autouse=True)
def node() -> None:
    missing = "node is not on PATH" if shutil.which("node") is None else ""
    if not missing and not (CLIENTS / "node_modules" / "socket.io-client").is_dir():
        missing = "socket.io-client is not installed; run: npm ci --prefix tests/clients-js"
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


@pytest.fixture
async def node_client():
    """Opens stock JavaScript clients; they leave when the test ends."""
    opened = []

    async def connect(server, person, transports):
        client = NodeClient(transports)
        opened.append(client)
        await client.connect(server.url, person.token if person else None)
        return client

    yield connect
    await asyncio.gather(*(client.close() for client in opened))


async def test_all_kinds_of_clients_hear_everything_once_in_one_order(servers, alice, stream, crowd, node_client):
    places = cycle(servers)
    members = []
    # Moderators, because they may write this fast.
    people = iter(await in_database(make_people, 6, "member", is_moderator=True))
    for transports in WAYS:
        member = await node_client(next(places), next(people), transports)
        await join(member, stream)
        members.append(member)
    for transport in ("socketio", "polling", "websocket"):
        members.append(await crowd.join(next(places), next(people), stream, transport))
    host = await crowd.join(servers[1], alice, stream)

    async def talk(number):
        for count in range(EACH):
            done(await say(members[number], stream, f"{number} says {count} 👋"))

    await asyncio.gather(*(talk(number) for number in range(len(members))))
    await all_has_arrived(host, stream, host, *members)

    order = host.named("chat:new")
    assert len(order) == len(members) * EACH + 1
    for number, member in enumerate(members):
        assert member.named("chat:new") == order
        assert [data["message"] for data in order if data["message"].startswith(f"{number} says")] == [
            f"{number} says {count} 👋" for count in range(EACH)
        ]


async def test_the_javascript_client_upgrades_from_polling_and_loses_nothing(
    servers, alice, bob, stream, crowd, node_client
):
    host = await crowd.join(servers[0], alice, stream)
    client = await node_client(servers[1], bob, "polling,websocket")
    assert client.named("$start") == [{"transport": "polling"}]
    await join(client, stream)
    for count in range(EACH):
        done(await say(host, stream, f"message {count}"))

    assert await client.wait_for("$upgrade") == {"transport": "websocket"}
    await all_has_arrived(host, stream, client)

    assert [data["message"] for data in client.named("chat:new")][:-1] == [f"message {count}" for count in range(EACH)]


@pytest.mark.parametrize("transports", WAYS)
async def test_the_javascript_client_is_told_who_it_is_and_answered(servers, bob, stream, node_client, transports):
    client = await node_client(servers[0], bob, transports)

    assert (await client.wait_for("session:ready"))["sessionId"] == str(bob.session.pk)
    answer = await join(client, stream)
    assert (await client.wait_for("stream:join")).items() >= answer.items()
    assert (await client.call("nonsense", {})).error["message"] == "Unauthorized event"
    await client.emit("nonsense", {})
    assert (await client.wait_for("error"))["message"] == "Unauthorized event"


@pytest.mark.parametrize("transports", WAYS)
async def test_the_javascript_client_is_refused_in_words(servers, node_client, transports):
    with pytest.raises(Refused) as refusal:
        await node_client(servers[0], None, transports)

    assert refusal.value.error == {
        "message": "Authentication token required", "data": {"code": "authentication_required", "retry": False},
    }  # fmt: skip


@pytest.mark.parametrize("transports", WAYS)
async def test_the_javascript_client_is_told_why_its_session_ends(servers, bob, node_client, transports):
    client = await node_client(servers[1], bob, transports)
    await client.wait_for("session:ready")

    await rest(servers[0], "POST", "auth/logout/", bob)

    assert (await closing(client))["code"] == 4100
    # After this reason the stock client does not come back by itself.
    assert client.named("$disconnect") == [{"reason": "io server disconnect"}]


async def test_a_message_of_each_client_reaches_each_other(servers, alice, stream, crowd, node_client):
    people = await in_database(make_people, 3)
    members = [await node_client(servers[0], people[0], "websocket")]
    for person, transport in zip(people[1:], ("socketio", "websocket"), strict=True):
        members.append(await crowd.connect(servers[1], person, transport))
    for member in members:
        await join(member, stream)
    for speaker, person in zip(members, people, strict=True):
        text = f"I am @{person.name} 👩🏽‍🚀"
        done(await say(speaker, stream, text))
        for listener in members:
            message = await hear(listener, text)
            assert message["mentions"] == [
                {"userId": person.id, "username": person.name, "start": 5, "end": 6 + len(person.name)}
            ]
