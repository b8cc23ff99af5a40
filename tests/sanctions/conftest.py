"""What the tests of sanctions share."""

from datetime import timedelta
from typing import Any

import pytest

from audit.services import Actor
from gateway.database import in_database
from moderation.models import Rung, Sanction
from moderation.services import sanctions
from streams.models import Stream
from tests.people import Person, make_person

REASON = "Spoilers again."


@pytest.fixture
def cora(alice: Person) -> Person:
    """A channel moderator of Alice's."""
    cora = make_person("cora")
    alice.user.channel_moderators.add(cora.user)
    return cora


async def sanction(person: Person, rung: Rung, *, by: Person, stream: Stream | None = None, **fields: Any) -> Sanction:
    """A sanction of `person`, in a stream or everywhere."""
    return await in_database(
        sanctions.sanction_user,
        actor=Actor.api(by.user.pk),
        user_id=person.user.pk,
        rung=rung,
        reason=REASON,
        stream_id=stream.pk if stream is not None else None,
        **fields,
    )


async def run_out(issued: Sanction) -> None:
    """Let the sanction's time be over, and every process notice."""

    def end() -> None:
        Sanction.objects.filter(pk=issued.pk).update(until=issued.created_at - timedelta(seconds=1))
        sanctions.meet_ends()

    await in_database(end)
