"""Who a message names, which one it answers, and which thread it belongs to."""

import pytest

from gateway.database import in_database
from tests.people import done, hear, make_people, make_stream, rest, say


async def mentions(servers, crowd, stream, message, speaker):
    client = await crowd.join(servers[0], speaker, stream)
    done(await say(client, stream, message))
    return (await hear(client, message))["mentions"]


async def test_a_mention_tells_who_and_where_in_code_points(servers, alice, bob, stream, crowd):
    message = f"👩🏽‍🚀 hi @{alice.name}!"

    found = await mentions(servers, crowd, stream, message, bob)

    start = message.index("@")
    assert found == [{"userId": alice.id, "username": alice.name, "start": start, "end": start + 1 + len(alice.name)}]
    assert message[found[0]["start"] : found[0]["end"]] == f"@{alice.name}"


async def test_a_name_is_found_in_any_case_and_told_as_it_is(servers, alice, bob, stream, crowd):
    found = await mentions(servers, crowd, stream, f"@{alice.name.upper()} and @{bob.name}", bob)

    assert [(mention["userId"], mention["username"]) for mention in found] == [
        (alice.id, alice.name), (bob.id, bob.name),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["@nobody_is_called_that", "mail@{name}", "@@{name}", "@{name}x", "@ {name}", "{name}"]
)
async def test_what_names_nobody_is_no_mention(servers, alice, bob, stream, crowd, text):
    assert await mentions(servers, crowd, stream, text.format(name=alice.name), bob) == []


async def test_ten_people_are_mentioned_at_most(servers, alice, bob, stream, crowd):
    people = await in_database(make_people, 12)

    found = await mentions(servers, crowd, stream, " ".join(f"@{person.name}" for person in people), bob)

    assert [mention["userId"] for mention in found] == [person.id for person in people[:10]]


async def test_an_answer_shows_what_it_answers_and_starts_a_thread(
    servers, transport, alice, bob, charlie, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    question = done(await say(host, stream, "what shall I play?"))
    viewer = await crowd.connect(servers[1], bob, transport)
    answer = done(await say(viewer, stream, "some jazz", replyTo=question["id"]))
    third = await crowd.connect(servers[1], charlie, transport)
    done(await say(third, stream, "no, blues", replyTo=answer["id"]))

    first, second = await hear(host, "some jazz"), await hear(host, "no, blues")

    assert first["replyTo"] == {
        "id": question["id"], "userId": alice.id, "username": alice.name, "preview": "what shall I play?",
    }  # fmt: skip
    assert second["replyTo"]["id"] == answer["id"]
    assert first["threadId"] == second["threadId"] == question["id"]
    assert (await hear(host, "what shall I play?"))["threadId"] is None
    thread = await rest(servers[0], "GET", f"streams/{stream.pk}/messages/?thread={question['id']}")
    assert [message["message"] for message in thread.body["messages"]] == ["some jazz", "no, blues"]


async def test_a_long_message_is_previewed_on_one_short_line(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    long = done(await say(host, stream, "one\ntwo " + "😀" * 200))

    done(await say(host, stream, "as I said", replyTo=long["id"]))

    preview = (await hear(host, "as I said"))["replyTo"]["preview"]
    assert preview == "one two " + "😀" * 71 + "…"
    assert len(preview) == 80


async def test_an_answer_to_what_is_not_in_this_stream_is_refused(servers, alice, bob, stream, crowd):
    elsewhere = await in_database(make_stream, alice)
    client = await crowd.connect(servers[0], alice)
    message = done(await say(client, elsewhere, "over there"))
    viewer = await crowd.connect(servers[0], bob)

    for reply_to in (message["id"], "999999999999999999"):
        assert (await say(viewer, stream, "what?", replyTo=reply_to)).code == "not_found"
