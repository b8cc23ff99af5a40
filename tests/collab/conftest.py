"""Sessions of Alice's, in which Bob edits and Mona watches; Charlie is a stranger."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from collab.models import Role, Session
from gateway.testing_servers import ServerProcess
from tests.collab.editors import Editor, editor, require_yjs
from tests.collab.sessions import make_session
from tests.people import Person

OpenEditor = Callable[..., Awaitable[Editor]]


@pytest.fixture
def session(alice: Person, bob: Person, mona: Person) -> Session:
    """A text session."""
    return make_session(alice, {bob: Role.EDITOR, mona: Role.VIEWER})


@pytest.fixture
async def open_editor() -> AsyncIterator[OpenEditor]:
    """Opens stock providers that leave when the test ends."""
    require_yjs()
    async with AsyncExitStack() as stack:

        async def open_one(server: ServerProcess, person: Person, session: Session, **options: str) -> Editor:
            return await stack.enter_async_context(editor(server, person, session, **options))

        yield open_one
