"""One request to a provider: to the address of the settings alone, answered in time and in few bytes, or not at all."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import aiohttp
import msgspec
from django.conf import settings

from moderation.second_look.opinion import ProviderFailed

T = TypeVar("T")

_MAX_ANSWER_BYTES = 64 * 1024
_CONNECTIONS = 8
# Nothing is compressed, so that a small answer cannot unfold to a large one.
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is, and what proves to it who asks. `repr` shows neither."""

    url: str
    key: str

    def __repr__(self) -> str:
        return "Endpoint()"


def post(endpoint: Endpoint, body: bytes, headers: Mapping[str, str], answer: type[T]) -> T:
    """Send JSON to the endpoint and read its answer.

    The whole exchange, from the look-up of the name to the last byte, has `MODERATION_SECOND_LOOK_SECONDS`.
    A redirect is not followed, and proxies of the environment are not used.

    Raises:
        ProviderFailed: there is no answer in time, its status is not 200, it is too large, or it is not an `answer`.
    """
    asking = asyncio.run_coroutine_threadsafe(_exchange(endpoint.url, body, {**_HEADERS, **headers}), _loop())
    try:
        return msgspec.json.decode(asking.result(), type=answer)
    except TimeoutError as error:
        raise ProviderFailed("no answer in time") from error
    except (aiohttp.ClientError, OSError) as error:
        # Their words hold the address.
        raise ProviderFailed(type(error).__name__) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Its words may hold a value.
        raise ProviderFailed("an answer of another shape") from None


async def _exchange(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    async with _session().post(
        url,
        data=body,
        headers=headers,
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=settings.MODERATION_SECOND_LOOK_SECONDS),
    ) as response:
        if response.status != 200:
            raise ProviderFailed(f"status {response.status}")
        answer = b""
        async for chunk in response.content.iter_any():
            answer += chunk
            if len(answer) > _MAX_ANSWER_BYTES:
                raise ProviderFailed("an answer that is too large")
        return answer


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of all requests of this process, in a thread of its own.

    It lasts, so that connections do, and that a name server which does not answer holds up nobody.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="second-look", daemon=True).start()
    return loop


@cache
def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )
