"""A provider on this machine, over real sockets: it answers as the paid ones do, until told to fail, stall or lie."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from moderation.second_look.openai import OpenAI
from moderation.second_look.perspective import Perspective
from moderation.second_look.webhook import Webhook

KEY = "key-of-the-provider"
NAMES = tuple(provider.name for provider in (OpenAI, Perspective, Webhook))

Behaviour = Callable[["Elsewhere", web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Asked:
    """A request it got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def texts(self) -> list[str]:
        question = json.loads(self.body)
        return [question["comment"]["text"]] if "comment" in question else question.get("input") or question["texts"]


@dataclass
class Elsewhere:
    """The provider; texts that hold one of `hateful` get its score for hate, all others next to nothing."""

    url: str = ""
    hateful: dict[str, float] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    behaviour: Behaviour | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def address(self, provider: str) -> str:
        return f"{self.url}/{provider}"

    def texts(self) -> list[str]:
        """All it was asked about."""
        return [text for asked in self.asked for text in asked.texts]

    async def was_asked(self) -> None:
        """Wait for the next request."""
        await asyncio.wait_for(self.news.wait(), 20)
        self.news.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.path_qs, dict(request.headers), await request.read()))
        self.news.set()
        if self.behaviour is not None:
            return await self.behaviour(self, request)
        return web.json_response(self.answer())

    def answer(self) -> dict[str, object]:
        """The right answer to the last question."""
        last = self.asked[-1]
        return _ANSWERS[last.path.strip("/")]([self._hate(text) for text in last.texts])

    def _hate(self, text: str) -> float:
        return max((score for words, score in self.hateful.items() if words in text), default=0.01)


def _openai(scores: list[float]) -> dict[str, object]:
    names = ("harassment", "harassment/threatening", "illicit", "self-harm", "sexual", "violence")
    results = [
        {"flagged": hate > 0.5, "category_scores": {**dict.fromkeys(names, 0.01), "hate": hate}} for hate in scores
    ]
    return {"id": "modr-1", "model": "omni-moderation-1", "results": results}


def _perspective(scores: list[float]) -> dict[str, object]:
    names = ("PROFANITY", "INSULT", "SEVERE_TOXICITY", "SEXUALLY_EXPLICIT", "THREAT")
    found = {**dict.fromkeys(names, 0.01), "IDENTITY_ATTACK": scores[0]}
    return {
        "attributeScores": {
            name: {"summaryScore": {"value": score, "type": "PROBABILITY"}} for name, score in found.items()
        }
    }


def _webhook(scores: list[float]) -> dict[str, object]:
    return {"model": "ours-3", "results": [{"score": hate, "categories": {"hate": hate}} for hate in scores]}


_ANSWERS = {"openai": _openai, "perspective": _perspective, "webhook": _webhook}


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """A provider that listens."""
    provider = Elsewhere()
    app = web.Application()
    app.router.add_post("/{name}", provider.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        provider.is_over.set()
        await runner.cleanup()


# --- How it fails, stalls and lies ----------------------------------------------------------------


def says(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    """It says this, whatever it is asked."""

    async def behave(provider: Elsewhere, request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return behave


async def redirects(provider: Elsewhere, request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect(provider.address("trap"))


async def says_too_much(provider: Elsewhere, request: web.Request) -> web.StreamResponse:
    return web.Response(body=json.dumps(provider.answer()).encode() + b" " * 70_000)


async def hangs_up(provider: Elsewhere, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def stalls(provider: Elsewhere, request: web.Request) -> web.StreamResponse:
    await provider.is_over.wait()
    return web.Response()


async def drips(provider: Elsewhere, request: web.Request) -> web.StreamResponse:
    """Something comes all the time, and it does not end."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        while not provider.is_over.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.02)
    return response
