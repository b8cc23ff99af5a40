"""What tests of presence do again and again."""

from gateway.testing import Client
from tests.people import Person, done

# Who is gone is told as gone within this time, however they went.
GONE_SECONDS = 30.0


async def watch(client: Client, *people: Person) -> dict[str, str]:
    """Follow these people, and nobody else; returns how they are."""
    answer = done(await client.call("presence:watch", {"userIds": [person.id for person in people]}))
    return {user["userId"]: user["state"] for user in answer["users"]}


def changes(client: Client, person: Person) -> list[str]:
    """The states of a person the client was told of, in order."""
    return [data["state"] for data in client.named("presence:changed") if data["userId"] == person.id]


async def becomes(client: Client, person: Person, state: str, times: int = 1, seconds: float = GONE_SECONDS) -> dict:
    """Wait until the client was told so often that the person is in this state; returns what it was told."""
    told = []

    def is_it(data: dict) -> bool:
        if data["userId"] == person.id and data["state"] == state:
            told.append(data)
        return len(told) == times

    return await client.wait_for("presence:changed", is_it, seconds)
