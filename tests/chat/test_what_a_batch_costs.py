"""A batch of messages costs a fixed number of queries and one encoding a message, however many streams it is for."""

import asyncio
from collections.abc import Sequence

from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import Connection

from chat.models import Kind, Message, Visibility
from chat.services import Draft, send_messages
from gateway.database import in_database, run
from gateway.metrics import counters
from gateway.shared import GatheredReading
from moderation import rulebook
from streams import services as stream_services
from streams.models import Stream
from streams.selectors import find_cards
from tests.coins import identity_of
from tests.people import Person, make_stream

# Mutes, ids, messages, outbox, comments: all else is known or has nothing to say.
QUERIES_A_BATCH = 5


def drafts(author: Person, streams: Sequence[Stream], each: int) -> list[Draft]:
    cards = find_cards([str(stream.pk) for stream in streams])
    return [
        Draft(identity_of(author), cards[str(stream.pk)], f"hello {number}", Visibility.PUBLIC, Kind.TEXT)
        for number in range(each)
        for stream in streams
    ]


def spent(batch: list[Draft]) -> tuple[int, int]:
    """Queries and encodings of a batch."""
    before = counters.events_encoded
    with CaptureQueriesContext(connection) as queries:
        assert all(answer.ok for answer in send_messages(drafts=batch))
    statements = [query["sql"] for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]
    return len(statements), counters.events_encoded - before


async def test_queries_do_not_grow_with_messages_or_streams(alice, bob):
    streams = [await in_database(make_stream, alice) for _ in range(4)]
    # A web process reads the rules beside its messages.
    await in_database(rulebook.refresh)

    one = await in_database(drafts, bob, streams[:1], 1)
    many = await in_database(drafts, bob, streams, 10)

    assert await in_database(spent, one) == (QUERIES_A_BATCH, 1)
    assert await in_database(spent, many) == (QUERIES_A_BATCH, 40)
    comments = await in_database(lambda: [Stream.objects.get(pk=stream.pk).comments for stream in streams])
    assert comments == [11, 10, 10, 10]
    assert await in_database(Message.objects.filter(stream=streams[3]).count) == 10


async def test_streams_are_loaded_and_told_their_numbers_together(alice):
    streams = [await in_database(make_stream, alice) for _ in range(5)]

    def count(ids: list[str]) -> int:
        with CaptureQueriesContext(connection) as queries:
            stream_services.announce_metrics(stream_ids=ids)
        return len(queries)

    ids = [str(stream.pk) for stream in streams]
    assert await in_database(count, ids[:1]) == await in_database(count, ids)


async def test_what_is_asked_for_while_a_reading_is_under_way_is_read_by_the_next():
    readings: list[list[str]] = []
    release = asyncio.Event()

    async def read(keys):
        readings.append(list(keys))
        await release.wait()
        return {key: key.upper() for key in keys if key != "unknown"}

    reading = GatheredReading[str, str](read, 3)
    first = [asyncio.ensure_future(reading.get(key)) for key in ("a", "b", "a")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    later = [asyncio.ensure_future(reading.get(key)) for key in ("a", "unknown", "c", "d")]
    release.set()

    assert await asyncio.gather(*first) == ["A", "B", "A"]
    assert await asyncio.gather(*later) == ["A", None, "C", "D"]
    assert readings == [["a", "b"], ["a", "unknown", "c"], ["d"]]


async def test_a_reading_that_fails_fails_those_who_asked_and_nobody_else():
    async def read(keys):
        if "bad" in keys:
            raise ValueError("bad")
        return dict.fromkeys(keys, 1)

    reading = GatheredReading[str, int](read, 10)
    answers = await asyncio.gather(reading.get("bad"), reading.get("good"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ValueError, ValueError]
    assert await reading.get("good") == 1


async def test_a_statement_of_the_hot_path_is_prepared_once_a_connection():
    def prepared() -> int:
        for number in range(3):
            assert run("SELECT %s::int AS prepared_by_a_test", [number]) == [(number,)]
        raw = connection.connection
        assert isinstance(raw, Connection)
        found = raw.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%by_a_test%%'", [])
        return int(found.fetchone()[0])

    assert await in_database(prepared) == 1
