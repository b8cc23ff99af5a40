"""Stock clients of Yjs: the npm provider in a process of its own, and pycrdt over Socket.IO."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collab.models import Session
from gateway.testing import EVENT_SECONDS
from gateway.testing_servers import ServerProcess
from tests.people import Person

CLIENTS = Path(__file__).resolve().parents[1] / "clients-js"


def require_yjs() -> None:
    """Skip without Node and its packages; fail where they must be."""
    missing = "node is not on PATH" if shutil.which("node") is None else ""
    if not missing and not (CLIENTS / "node_modules" / "y-websocket").is_dir():
        missing = "y-websocket is not installed; run: npm ci --prefix tests/clients-js"
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


class Editor:
    """The stock y-websocket provider with a stock Yjs document."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.text = ""
        self._process = process
        self._heard: list[tuple[str, dict]] = []
        self._news = asyncio.Event()
        self._reader = asyncio.ensure_future(self._read())

    def tell(self, do: str, **fields: object) -> None:
        """Have it do something."""
        self._process.stdin.write(f"{json.dumps({'do': do, **fields})}\n".encode())

    def insert(self, at: int, words: str) -> None:
        self.tell("insert", at=at, words=words)

    def named(self, name: str) -> list[dict]:
        """What it has told under this name so far."""
        return [data for told, data in self._heard if told == name]

    async def hear(self, name: str, matches=lambda data: True, seconds: float = EVENT_SECONDS, after: int = 0) -> dict:
        """The first thing it tells under this name that matches, from the one numbered `after` on."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for data in self.named(name)[after:]:
                        if matches(data):
                            return data
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {name} in {seconds} s; got {self._heard[-20:]}") from None

    async def shows(self, text: str, seconds: float = EVENT_SECONDS) -> None:
        """Wait until its document has this text."""
        async with asyncio.timeout(seconds):
            while self.text != text:
                self._news.clear()
                await self._news.wait()

    async def knows(self) -> tuple[str, dict[int, int]]:
        """Its text now, and how much of each client of Yjs is in it."""
        said = await self._say()
        return said["text"], _clocks(said["clocks"])

    async def was_told(self) -> dict[int, int]:
        """How much of each client of Yjs the server has said is in the text, its own included."""
        return _clocks((await self._say())["told"])

    async def synced(self) -> None:
        """Wait until it has what the server had when it came."""
        await self.hear("$sync", lambda data: data["synced"])

    async def close(self) -> None:
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), EVENT_SECONDS)
        await self._reader

    async def _say(self) -> dict:
        before = len(self.named("$said"))
        self.tell("say")
        return await self.hear("$said", after=before)

    async def _read(self) -> None:
        async for line in self._process.stdout:
            name, data = json.loads(line)
            if name == "$text":
                self.text = data["text"]
            else:
                self._heard.append((name, data))
            self._news.set()


def _clocks(said: dict[str, int]) -> dict[int, int]:
    return {int(client): clock for client, clock in said.items()}


@asynccontextmanager
async def editor(server: ServerProcess, person: Person, session: Session, token: str = "") -> AsyncIterator[Editor]:
    """A stock provider of `person` in the session; it leaves at the end."""
    process = await asyncio.create_subprocess_exec(
        "node", "editor.mjs", server.url.replace("http", "ws", 1), str(session.pk), cwd=CLIENTS,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
    )  # fmt: skip
    process.stdin.write(f"{token or person.token}\n".encode())
    editor = Editor(process)
    try:
        yield editor
    finally:
        await editor.close()
