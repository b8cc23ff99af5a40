"""What arrives while a batch is being carried out forms the next batch: one transaction for many commands."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from gateway.database import in_database
from gateway.errors import CommandError, ErrorCode
from gateway.idempotency import Answer, CommandKey

log = logging.getLogger(__name__)


class Draft(Protocol):
    """A command on its way into the database; `key` is set when it carried a `cid`."""

    @property
    def key(self) -> CommandKey | None: ...


D = TypeVar("D", bound=Draft)


class Batcher(Generic[D]):
    """Collects the drafts of one process, in the order they came.

    Args:
        write: carries out a batch in a database thread; answers each draft. Never given two drafts of one key.
        size: how many drafts a batch holds at most.
    """

    def __init__(self, write: Callable[[Sequence[D]], list[Answer]], size: int) -> None:
        self._write = write
        self._size = size
        self._waiting: deque[tuple[D, asyncio.Future[Answer]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, draft: D) -> Answer:
        """The answer to the draft, once it is committed or refused.

        Raises:
            CommandError: `unavailable` or `internal`; nothing has happened then.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((draft, answer))
        if self._writer is None:
            self._writer = asyncio.ensure_future(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._carry_out(self._take())
        finally:
            self._writer = None

    def _take(self) -> list[tuple[D, "asyncio.Future[Answer]"]]:
        batch: list[tuple[D, asyncio.Future[Answer]]] = []
        retries: list[tuple[D, asyncio.Future[Answer]]] = []
        cids: set[tuple[str, str]] = set()
        while self._waiting and len(batch) < self._size:
            draft, answer = self._waiting.popleft()
            cid = (draft.key.user_id, draft.key.cid) if draft.key else None
            if cid in cids:
                # A retry that came so soon waits for the answer of the first.
                retries.append((draft, answer))
                continue
            if cid is not None:
                cids.add(cid)
            batch.append((draft, answer))
        self._waiting.extendleft(reversed(retries))
        return batch

    async def _carry_out(self, batch: list[tuple[D, "asyncio.Future[Answer]"]]) -> None:
        drafts = [draft for draft, _ in batch]
        try:
            answers = await in_database(self._write, drafts)
        except CommandError as error:
            for _, waiting in batch:
                _fail(waiting, error)
        except Exception:
            if len(batch) == 1:
                log.exception("a command could not be carried out")
                _fail(batch[0][1], CommandError(ErrorCode.INTERNAL))
                return
            # One bad draft must not take the others with it.
            for one in batch:
                await self._carry_out([one])
        else:
            for (_, waiting), answer in zip(batch, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)


def _fail(waiting: "asyncio.Future[Answer]", error: CommandError) -> None:
    if not waiting.done():
        waiting.set_exception(CommandError(error.code, retry_after=error.retry_after))
