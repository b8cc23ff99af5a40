"""A connection closed because its process leaves has its queue answered first; for any other reason, it has not."""

import asyncio

import pytest

from gateway.errors import INVALID_TOKEN, SHUTDOWN
from gateway.identity import Identity
from gateway.outlet import Outlet
from gateway.transports.session import ClientConnection
from gateway.wire import Wire

COMMANDS = 5


class Taker(ClientConnection):
    """A connection whose answers, and whose end, are kept in order."""

    def __init__(self) -> None:
        super().__init__(Outlet(Wire.WEBSOCKET), "127.0.0.1", Identity("1", "user1", "", 0, "s"))
        self.said: list[object] = []
        self.ended = asyncio.Event()

    def answer(self, reference, answer) -> None:
        self.said.append(reference)

    def _close(self, code, reason) -> None:
        self.end(code, self._end)

    def _end(self) -> None:
        self.said.append("end")
        self.ended.set()


@pytest.mark.parametrize(("code", "said"), [(SHUTDOWN, [*range(COMMANDS), "end"]), (INVALID_TOKEN, ["end"])])
async def test_it_ends_after_its_last_answer(code, said):
    connection = Taker()
    for number in range(COMMANDS):
        await connection.submit("no:such:event", {}, number)

    connection.close(code, "test")
    # What is sent now is neither taken nor answered.
    await connection.submit("no:such:event", {}, "late")
    await asyncio.wait_for(connection.ended.wait(), 10)

    assert connection.said == said
