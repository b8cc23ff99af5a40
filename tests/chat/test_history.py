"""The history of a stream, in pages both ways, for anybody who may see the stream."""

import pytest

from gateway.database import in_database
from tests.people import done, make_stream, rest, say


@pytest.fixture
async def said(servers, alice, stream, crowd):
    """The ids of seven messages."""
    client = await crowd.connect(servers[0], alice)
    return [done(await say(client, stream, f"message {number}"))["id"] for number in range(7)]


async def page(server, stream, query="", person=None):
    answer = await rest(server, "GET", f"streams/{stream.pk}/messages/{query}", person)
    assert answer.status == 200, answer.body
    return [message["id"] for message in answer.body["messages"]], answer.body["hasMore"]


async def test_the_newest_page_comes_first_and_oldest_message_first_in_it(servers, stream, said):
    assert await page(servers[1], stream) == (said, False)
    assert await page(servers[1], stream, "?limit=3") == (said[-3:], True)


async def test_pages_go_back_to_the_first_message(servers, stream, said):
    assert await page(servers[0], stream, f"?limit=3&before={said[4]}") == (said[1:4], True)
    assert await page(servers[0], stream, f"?limit=3&before={said[1]}") == (said[:1], False)
    assert await page(servers[0], stream, f"?limit=3&before={said[0]}") == ([], False)


async def test_pages_go_on_to_the_last_message(servers, stream, said):
    assert await page(servers[0], stream, f"?limit=3&after={said[0]}") == (said[1:4], True)
    assert await page(servers[0], stream, f"?limit=3&after={said[3]}") == (said[4:], False)
    assert await page(servers[0], stream, f"?limit=3&after={said[-1]}") == ([], False)


async def test_only_messages_of_the_stream_are_in_it(servers, alice, bob, stream, said, crowd):
    elsewhere = await in_database(make_stream, alice)

    assert await page(servers[0], elsewhere) == ([], False)
    assert await page(servers[0], elsewhere, f"?after={said[0]}", bob) == ([], False)


async def test_a_whisper_counts_on_no_page_of_those_it_is_kept_from(servers, alice, bob, charlie, stream, crowd):
    client = await crowd.connect(servers[0], bob)
    first = done(await say(client, stream, "first"))["id"]
    whisper = done(await say(client, stream, "whisper", type="private"))["id"]
    last = done(await say(client, stream, "last"))["id"]

    for person in (None, charlie):
        assert await page(servers[0], stream, "?limit=2", person) == ([first, last], False)
        assert await page(servers[0], stream, f"?after={first}&limit=1", person) == ([last], False)
        assert await page(servers[0], stream, f"?before={last}&limit=1", person) == ([first], False)
    for person in (alice, bob):
        assert await page(servers[0], stream, "?limit=2", person) == ([whisper, last], True)


@pytest.mark.parametrize("query", ["before=x", "after=-1", "before=0", "limit=many", "thread=", "after=1e3", "before=²",
                                   "limit=0", "before=99999999999999999999", "lounge=yes"])  # fmt: skip
async def test_a_page_that_cannot_be_is_refused(servers, stream, query):
    answer = await rest(servers[0], "GET", f"streams/{stream.pk}/messages/?{query}")

    assert (answer.status, answer.code) == (400, "invalid_payload")


async def test_the_history_of_an_ended_stream_stays(servers, alice, stream, said):
    await rest(servers[0], "POST", f"streams/{stream.pk}/end/", alice)

    assert await page(servers[1], stream) == (said, False)
