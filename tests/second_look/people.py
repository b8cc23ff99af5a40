"""What tests of the second look do."""

from typing import Any

from gateway.database import in_database
from gateway.testing import Client
from gateway.testing_servers import ServerProcess
from moderation.models import Decision, Look
from moderation.services import second_look
from streams.models import Stream
from tests.people import Crowd, Person, done, say


async def write(crowd: Crowd, server: ServerProcess, author: Person, stream: Stream, text: str, **fields: Any) -> str:
    """The id of a new message."""
    client = await crowd.connect(server, author, "rest")
    return str(done(await say(client, stream, text, **fields))["id"])


async def look_again() -> int:
    """What a worker does every second."""
    return await in_database(second_look.look_again)


async def look_at(message_id: str) -> Look:
    """The second look at a message."""
    return await Look.objects.select_related("decision").aget(subject_kind="message", subject_id=int(message_id))


async def decision_on(message_id: str) -> Decision:
    decision = (await look_at(message_id)).decision
    assert decision is not None
    return decision


async def watch_queue(crowd: Crowd, server: ServerProcess, moderator: Person) -> Client:
    """A moderator's client that hears of the queue."""
    client = await crowd.connect(server, moderator)
    done(await client.call("queue:watch", {}))
    return client


async def items_about(moderator: Client, author: Person, **fields: Any) -> list[dict[str, Any]]:
    """What the moderators' queue holds about the author."""
    return list(done(await moderator.call("queue:list", {"userId": author.id, **fields}))["items"])
