"""Readings many ask for at the same time, made once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# More askers than this of one reading are a herd; its readings then begin no closer together than this.
_HERD = 16
_HERD_SECONDS = 0.5


@dataclass(slots=True)
class _Reading(Generic[V]):
    task: "asyncio.Task[V]"
    began: float = 0.0
    askers: int = 0


class SharedReading(Generic[V]):
    """Reads so that a herd of askers costs a reading or two a second, not one each.

    An asker may share only a reading that began after its own asking: anything older may lack what happened
    since. One who asks alone never waits for anybody.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, _Reading[V]] = {}
        self._next: dict[Hashable, _Reading[V]] = {}

    async def get(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """What `read` returns, called for `key` after this was and perhaps for others too."""
        reading = self._next.get(key)
        if reading is None:
            task = asyncio.ensure_future(self._read_after(self._under_way.get(key), key, read))
            reading = self._next[key] = _Reading(task)
        reading.askers += 1
        return await asyncio.shield(reading.task)

    async def _read_after(self, before: _Reading[V] | None, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        loop = asyncio.get_running_loop()
        if before is not None:
            await asyncio.wait([before.task])
            if before.askers > _HERD:
                await asyncio.sleep(before.began + _HERD_SECONDS - loop.time())
        # From here on the reading is under way: who asks now needs the one after it.
        reading = self._next.pop(key)
        reading.began = loop.time()
        self._under_way[key] = reading
        try:
            return await read()
        finally:
            if reading.askers > _HERD:
                # Those of the herd who ask now gather for the next reading.
                loop.call_at(reading.began + _HERD_SECONDS, self._forget, key, reading)
            else:
                self._forget(key, reading)

    def _forget(self, key: Hashable, reading: _Reading[V]) -> None:
        if self._under_way.get(key) is reading:
            del self._under_way[key]


class GatheredReading(Generic[K, V]):
    """Reads many keys by one call: what is asked for while a reading is under way is read by the next.

    Args:
        read: what is known of each key; those of which nothing is known are left out.
        most: how many keys are read together.
    """

    def __init__(self, read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]], most: int) -> None:
        self._read = read
        self._most = most
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What is known of `key`, from a reading that begins after this was called."""
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._reader is None:
            self._reader = asyncio.ensure_future(self._work())
        return await asyncio.shield(answer)

    async def _work(self) -> None:
        try:
            while self._asked:
                keys = list(islice(self._asked, self._most))
                answers = {key: self._asked.pop(key) for key in keys}
                await self._answer(answers)
        finally:
            self._reader = None

    async def _answer(self, answers: Mapping[K, "asyncio.Future[V | None]"]) -> None:
        try:
            found = await self._read(answers)
        except Exception as error:
            for answer in answers.values():
                answer.set_exception(error)
                # Nobody may be waiting any more, which is no fault.
                answer.exception()
        else:
            for key, answer in answers.items():
                answer.set_result(found.get(key))
