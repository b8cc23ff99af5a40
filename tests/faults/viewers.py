"""Cheap clients that do what docs/guarantees.md asks of a client, and count whatever breaks a promise."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import aiohttp

from gateway.testing_servers import ServerProcess
from gateway.wire import Wire
from tests.faults.report import PATIENCE_SECONDS as SECONDS
from tests.gateway.raw_clients import RawClient, open_socket
from tests.people import Person


class Inbox(list[str]):
    """Messages that are looked at as they come."""

    def __init__(self, take: Any) -> None:
        super().__init__()
        self._take = take

    def append(self, text: str) -> None:
        self._take(text)


class Live:
    """One user on one socket: commands with answers, and events as they come."""

    def __init__(self, person: Person, stream_id: object, wire: Wire = Wire.WEBSOCKET) -> None:
        self.person = person
        self.stream_id = str(stream_id)
        self.wire = wire
        self.client: RawClient | None = None
        self.server: ServerProcess | None = None
        self._reference = 100
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.news = asyncio.Event()

    async def connect(self, server: ServerProcess, cut_after: int | None = None) -> None:
        """Be let in by `server`, unless the socket is cut first."""
        self.server = server
        client = self.client = await open_socket(server, self.wire)
        if cut_after is not None:
            self.cut_after(cut_after)
        await self._or_lost(client, client.opened.wait())
        await self._or_lost(client, client.authenticate(self.person.token))
        client.messages = Inbox(self._text)

    async def _or_lost(self, client: RawClient, work: Coroutine[Any, Any, Any]) -> None:
        working, lost = asyncio.ensure_future(work), asyncio.ensure_future(client.lost.wait())
        try:
            await asyncio.wait([working, lost], timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ConnectionError("the socket ended")
            await working
        finally:
            working.cancel()
            lost.cancel()

    def cut_after(self, size: int) -> None:
        """Cut the socket when that many bytes more have been received; what follows them is lost."""
        assert self.client is not None
        client, take, rest = self.client, self.client.data_received, size

        def take_some(data: bytes) -> None:
            nonlocal rest
            take(data[: max(rest, 0)])
            rest -= len(data)
            if rest <= 0:
                client.transport.abort()

        client.data_received = take_some  # type: ignore[method-assign]

    def vanish(self) -> None:
        """Cut the socket."""
        if self.client is not None:
            self.client.vanish()
        for answer in self._answers.values():
            answer.cancel()
        self._answers.clear()

    async def call(self, name: str, data: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
        """Send a command; its answer, as `{"ok", "data" | "error"}`.

        Raises:
            ConnectionError: the socket ended before the answer.
        """
        assert self.client is not None
        self._reference += 1
        reference = self._reference
        answer = self._answers[reference] = asyncio.get_running_loop().create_future()
        self.client.command(reference, name, data)
        lost = asyncio.ensure_future(self.client.lost.wait())
        try:
            await asyncio.wait([answer, lost], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
            self._answers.pop(reference, None)
        if answer.done() and not answer.cancelled():
            return answer.result()
        if self.client.lost.is_set() or answer.cancelled():
            raise ConnectionError("the socket ended")
        raise AssertionError(f"no answer to {name} in {seconds} s")

    def event(self, name: str, data: dict[str, Any]) -> None:
        """Take an event."""

    def _text(self, text: str) -> None:
        if self.wire is Wire.SOCKETIO:
            if text.startswith("43"):
                reference, _, rest = text[2:].partition("[")
                self._answered(int(reference), json.loads(f"[{rest}")[0])
            elif text.startswith("42"):
                name, data = json.loads(text[2:])
                self.event(name, data)
        else:
            frame = json.loads(text)
            if frame["event"] == "reply":
                self._answered(frame["ref"], frame)
            else:
                self.event(frame["event"], frame["data"])
        self.news.set()

    def _answered(self, reference: int, answer: dict[str, Any]) -> None:
        waiting = self._answers.pop(reference, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def until(self, look: Any, seconds: float = SECONDS) -> None:
        """Wait until `look(self)`, asked after each message."""
        async with asyncio.timeout(seconds):
            while not look(self):
                self.news.clear()
                await self.news.wait()


class Viewer(Live):
    """Follows a stream's room and checks each event's place.

    Attributes:
        heard: ids of the messages that came as events, in the order they came.
        shown: ids of messages that a snapshot told.
        gaps, doubles: places that were skipped without a word, or came twice or out of order.
        resets: how often it was told `room:reset`, or `recovered` false where it asked for more.
        resumed: how often it got exactly what it had missed.
        paged: how many messages it read page by page, because a snapshot did not reach back to what it knew.
    """

    def __init__(self, person: Person, stream_id: object, wire: Wire = Wire.WEBSOCKET) -> None:
        super().__init__(person, stream_id, wire)
        self.heard: list[str] = []
        self.shown: set[str] = set()
        self.at: tuple[str, int] | None = None
        self.gaps = self.doubles = self.resets = self.resumed = self.paged = 0
        self._joined = False
        self._before: set[str] | None = None
        self._joining: asyncio.Task[None] | None = None
        self._paging: asyncio.Task[None] | None = None

    async def watch(self, server: ServerProcess, cut_after: int | None = None) -> None:
        """Be let in, and enter the room; with what is known already, to be told what was missed."""
        self._joined = False
        await self.connect(server, cut_after)
        await self.enter()

    async def enter(self) -> None:
        """Enter the room, with what is known already, and try again while that is asked for."""
        while True:
            since = {"since": {"epoch": self.at[0], "seq": self.at[1]}} if self.at is not None else {}
            answer = await self.call("stream:join", {"streamId": self.stream_id, **since})
            if answer["ok"]:
                return
            assert answer["error"]["code"] == "unavailable", answer
            await asyncio.sleep(min(answer["error"].get("retryAfter", 0.2), 0.2))

    def event(self, name: str, data: dict[str, Any]) -> None:
        if name == "stream:join" and "snapshot" in data:
            self._told(data)
        elif name == "room:reset" and data["room"] == f"stream:{self.stream_id}":
            self.resets += 1
            # From here on it knows nothing: only a snapshot tells where the room stands.
            self.at = None
            self._before = self.known
            self._joined = False
            if self._joining is None:
                self._joining = asyncio.ensure_future(self._join_again())
        elif data.get("streamId") == self.stream_id and data.get("seq"):
            self._place(name, data)

    async def _join_again(self) -> None:
        try:
            await self.enter()
        except (OSError, AssertionError):
            return
        finally:
            self._joining = None

    def _told(self, joined: dict[str, Any]) -> None:
        at = (joined["epoch"], joined["seq"])
        if joined["recovered"]:
            self.resumed += 1
            for missed in joined["events"]:
                self._place(missed["event"], missed["data"])
            if self.at != at:
                self.gaps += 1
        else:
            if self.at is not None:
                self.resets += 1
            messages = joined["snapshot"]["messages"]
            before = self._before if self._before is not None else self.known
            self._before = None
            if before and messages and messages[0]["id"] not in before:
                self._paging = asyncio.ensure_future(self._page_back(messages[0]["id"], before))
            self.shown.update(message["id"] for message in messages)
        self.at = at
        self._joined = True

    async def paged_back(self) -> None:
        """Wait until what a snapshot did not reach back to has been read."""
        if self._paging is not None:
            await asyncio.wait_for(self._paging, SECONDS)

    async def _page_back(self, oldest: str, known: set[str]) -> None:
        # A snapshot holds the last messages; what lies before it is read back to what was known before the reset.
        assert self.server is not None
        headers = {"Authorization": f"Bearer {self.person.token}"}
        url = f"{self.server.url}/api/streams/{self.stream_id}/messages/?limit=100&before="
        async with aiohttp.ClientSession(headers=headers) as http:
            more = True
            while more:
                async with http.get(url + oldest) as response:
                    page = await response.json()
                ids = [message["id"] for message in page["messages"]]
                more = page["hasMore"] and not known.issuperset(ids)
                self.shown.update(ids)
                self.paged += len(ids)
                oldest = ids[0] if ids else oldest
        self.news.set()

    def _place(self, name: str, data: dict[str, Any]) -> None:
        epoch, seq = data["epoch"], data["seq"]
        if self.at is not None:
            if epoch == self.at[0] and seq <= self.at[1]:
                self.doubles += 1
                return
            if epoch != self.at[0] or seq != self.at[1] + 1:
                self.gaps += 1
            self.at = (epoch, seq)
        if "id" in data:
            self.heard.append(data["id"])

    @property
    def known(self) -> set[str]:
        """The ids of all messages it was told, one way or the other."""
        return set(self.heard) | self.shown

    @property
    def repeated(self) -> int:
        """How many messages came more than once as events."""
        return sum(count - 1 for count in Counter(self.heard).values())


class Writer(Live):
    """Writes one message after the other, each again with its `cid` until it is acked.

    Attributes:
        acked: the ids the server gave, by text, in the order they were acked.
        refused: how many answers asked to try again, by their code.
        slowest: the longest time from the first sending to the ack, in seconds.
    """

    def __init__(
        self, person: Person, stream_id: object, name: str, wire: Wire = Wire.WEBSOCKET, pause: float = 0.0
    ) -> None:
        super().__init__(person, stream_id, wire)
        self.name = name
        self._pause = pause
        self.acked: dict[str, str] = {}
        self.refused: Counter[str] = Counter()
        self.slowest = 0.0
        self.stopping = False

    async def write(self, server: ServerProcess, *others: ServerProcess) -> None:
        """Write until `stopping`; on the next of the servers when one is gone."""
        servers = [server, *others]
        number = 0
        await self._connect(servers)
        while not self.stopping:
            text = f"{self.name} {number}"
            began = time.monotonic()
            self.acked[text] = await self._until_acked(text, servers)
            self.slowest = max(self.slowest, time.monotonic() - began)
            number += 1
            if self._pause:
                await asyncio.sleep(self._pause)

    async def _until_acked(self, text: str, servers: list[ServerProcess]) -> str:
        command = {"streamId": self.stream_id, "message": text, "type": "public", "cid": text}
        while True:
            try:
                answer = await self.call("chat:new", command)
            except ConnectionError:
                self.refused["disconnected"] += 1
                await self._connect(servers)
                continue
            if answer["ok"]:
                return str(answer["data"]["id"])
            assert answer["error"]["code"] == "unavailable", answer
            self.refused["unavailable"] += 1
            await asyncio.sleep(min(answer["error"]["retryAfter"], 0.2))

    async def _connect(self, servers: list[ServerProcess]) -> None:
        while True:
            for server in servers:
                try:
                    await self.connect(server)
                    return
                except (OSError, AssertionError, TimeoutError):
                    await asyncio.sleep(0.05)
