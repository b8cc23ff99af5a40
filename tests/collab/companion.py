"""A Socket.IO client that types beside stock editors, and comes back whenever it is cut off."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

import socketio
from pycrdt import Doc, Text

from collab.models import Session
from collab.yjs.messages import Step, read_state_vector, read_sync, write_sync
from gateway.testing import Refused, SocketIOClient
from gateway.testing_servers import ServerProcess
from tests.people import Person

PATIENCE_SECONDS = 60.0
WORDS = ["on", "ü", "🎉", "so, "]


class Companion:
    """Types at random until it is told to rest.

    Attributes:
        acked: how much of its own writing was acknowledged, as a clock of Yjs.
    """

    def __init__(self, person: Person, session: Session, servers: Sequence[ServerProcess], seed: int) -> None:
        self.acked = 0
        self._person, self._session_id = person, str(session.pk)
        # The list itself: the test replaces the processes it kills.
        self._servers = servers
        self._random = random.Random(seed)
        self._document: Doc[Text] = Doc()
        self._content = self._document.get("content", type=Text)
        self._client = SocketIOClient(["websocket"])
        self._read = 0
        self._is_resting = False

    @property
    def client_id(self) -> int:
        return self._document.client_id

    def says(self) -> tuple[str, dict[int, int]]:
        """Its text, and how much of each client it knows."""
        self._take_in()
        return str(self._content), read_state_vector(self._document.get_state())

    async def write(self, pause: float) -> None:
        """Type, with so many seconds between two changes, and keep up with the others, until it rests."""
        while not self._is_resting:
            before = self._document.get_state()
            self._change()
            if self._is_lost() or not await self._send(Step.UPDATE, self._document.get_update(before)):
                await self.come()
            await asyncio.sleep(pause)

    async def come(self) -> None:
        """Try one process after the other until one has answered what is missing and taken what it lacked."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for server in self._servers:
                    with suppress(Refused):
                        if await self._come_to(server):
                            return
                await asyncio.sleep(0.1)

    async def keep_up(self) -> None:
        """Come back if it must say again what it has."""
        if self._is_lost():
            await self.come()

    def rest(self) -> None:
        """Type no more."""
        self._is_resting = True

    async def close(self) -> None:
        """Leave."""
        await self._client.close()

    def _change(self) -> None:
        """Insert a word, or delete a letter, between whole letters as every editor does."""
        self._take_in()
        text = str(self._content)
        place = self._random.randint(0, len(text))
        at = len(text[:place].encode())
        if place == len(text) or self._random.random() < 0.7:
            self._content.insert(at, self._random.choice(WORDS))
        else:
            del self._content[at : at + len(text[place].encode())]

    async def _come_to(self, server: ServerProcess) -> bool:
        await self._client.close()
        self._client, self._read = SocketIOClient(["websocket"]), 0
        await self._client.connect(server.url, self._person.token)
        return (
            await self._ask("collab:join", {"sessionId": self._session_id})
            and await self._send(Step.QUESTION, self._document.get_state())
            and (lacked := self._lacked()) is not None
            and await self._send(Step.ANSWER, lacked)
        )

    def _lacked(self) -> bytes | None:
        """What the server has asked for, as it lacks it."""
        synced = [read_sync(data["message"]) for data in self._client.named("collab:sync")]
        asked = [sync.data for sync in synced if sync.step is Step.QUESTION]
        return self._document.get_update(asked[-1]) if asked else None

    async def _send(self, step: Step, data: bytes) -> bool:
        """Whether it was acknowledged."""
        written = read_state_vector(self._document.get_state()).get(self.client_id, 0)
        done = await self._ask("collab:sync", {"sessionId": self._session_id, "message": write_sync(step, data)})
        if done and step is not Step.QUESTION:
            self.acked = written
        return done

    async def _ask(self, event: str, data: dict[str, object]) -> bool:
        """Whether a command was carried out; not when the connection is lost before it is answered."""
        answer = asyncio.ensure_future(self._client.call(event, data))
        lost = asyncio.ensure_future(self._client.closed.wait())
        await asyncio.wait({answer, lost}, return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        if not answer.done():
            answer.cancel()
            return False
        try:
            return answer.result().ok
        except (TimeoutError, socketio.exceptions.SocketIOError):
            return False

    def _is_lost(self) -> bool:
        return self._client.closed.is_set() or bool(self._client.named("room:reset"))

    def _take_in(self) -> None:
        synced = self._client.named("collab:sync")
        for data in synced[self._read :]:
            sync = read_sync(data["message"])
            if sync.step is not Step.QUESTION:
                self._document.apply_update(sync.data)
        self._read = len(synced)
