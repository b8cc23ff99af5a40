"""What can be said: text, emoji, gift messages and whispers; and what cannot."""

import pytest

from gateway.database import in_database
from tests.people import all_has_arrived, done, hear, heard, make_stream, rest, say


@pytest.mark.parametrize(
    ("sent", "message", "type", "message_type"),
    [
        ("public", "hello", "public", "text"),
        ("text", "hello", "public", "text"),
        ("emoji", "🎉👍🏽❤️", "public", "emoji"),
        ("gift", "a rose for you", "gift", "gift"),
        ("private", "just for you", "private", "text"),
    ],
)
async def test_each_type_arrives_as_what_it_is(
    servers, transport, alice, bob, stream, crowd, sent, message, type, message_type
):
    host = await crowd.join(servers[0], alice, stream)
    speaker = await crowd.connect(servers[1], bob, transport)

    answer = done(await say(speaker, stream, message, type=sent))

    event = await hear(host, message)
    assert (event["type"], event["messageType"], event["id"]) == (type, message_type, answer["id"])


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n\t ", id="blank"),
        pytest.param("x" * 501, id="too long"),
        pytest.param("<script>alert(1)</script>", id="script"),
        pytest.param("look <b>here</b>", id="bold"),
        pytest.param("<img src=x onerror=alert(1)>", id="image"),
        pytest.param("</div>", id="closing tag"),
        pytest.param("<!-- hidden -->", id="comment"),
        pytest.param("<svg/onload=alert(1)>", id="svg"),
        pytest.param("nul \x00", id="nul"),
        pytest.param("bell \x07", id="bell"),
        pytest.param("escape \x1b[31m", id="terminal escape"),
        pytest.param("delete \x7f", id="delete"),
        pytest.param("c1 \x85", id="C1 control"),
        pytest.param("override \u202e", id="right-to-left override"),
        pytest.param("embedding \u202a", id="embedding"),
        pytest.param("isolate \u2066", id="isolate"),
        pytest.param(7, id="number"),
        pytest.param(None, id="null"),
        pytest.param(["hello"], id="array"),
    ],
)
async def test_what_is_no_plain_text_is_refused(servers, bob, stream, crowd, message):
    speaker = await crowd.connect(servers[0], bob)

    reply = await say(speaker, stream, message)

    assert (reply.error.get("message"), reply.code) == ("Invalid content", "invalid_content")


@pytest.mark.parametrize("message", ["hello", "👍 ok", "🎉 да"])
async def test_an_emoji_message_is_made_of_emoji(servers, bob, stream, crowd, message):
    speaker = await crowd.connect(servers[0], bob)

    assert (await say(speaker, stream, message, type="emoji")).code == "invalid_content"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("x" * 500, id="500 characters"),
        pytest.param("👩🏽‍🚀" * 125, id="500 code points of emoji"),
        pytest.param("I <3 this, 2 < 3 > 1", id="signs"),
        pytest.param("two\nlines", id="two lines"),
        pytest.param('"quotes" \\ and {"json": [1]}', id="JSON"),
        pytest.param("مرحبا שלום नमस्ते 你好", id="scripts"),
        pytest.param("& &amp; %s {0} $(date) `id` '; DROP TABLE chat_message; --", id="other languages' signs"),
        pytest.param("line\u2028separator", id="line separator"),
    ],
)
async def test_text_arrives_as_it_was_sent_and_stays_so(servers, alice, bob, stream, crowd, message):
    host = await crowd.join(servers[0], alice, stream, "socketio")
    speaker = await crowd.connect(servers[1], bob)

    answer = done(await say(speaker, stream, message))

    event = await hear(host, message)
    history = (await rest(servers[0], "GET", f"streams/{stream.pk}/messages/")).body["messages"]
    assert [stored["message"] for stored in history if stored["id"] == answer["id"]] == [message]
    assert event["mentions"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "system"}, {"type": "PUBLIC"}, {"type": 1}, {"attachments": ["a"]}, {"attachments": "a"},
        {"userId": "1"}, {"username": "alice"}, {"score": 0}, {"cid": ""}, {"cid": "c" * 65}, {"cid": 7},
        {"replyTo": "abc"}, {"replyTo": 7},
    ],
    ids=str,
)  # fmt: skip
async def test_fields_that_are_malformed_or_not_a_clients_to_set_are_refused(servers, bob, stream, crowd, fields):
    speaker = await crowd.connect(servers[0], bob)

    assert (await say(speaker, stream, "hello", **fields)).code == "invalid_payload"


@pytest.mark.parametrize("state", ["pending", "ended"])
async def test_nobody_writes_while_the_stream_is_not_live(servers, transport, alice, bob, crowd, state):
    stream = await in_database(make_stream, alice, live=state == "ended")
    if state == "ended":
        assert (await rest(servers[0], "POST", f"streams/{stream.pk}/end/", alice)).status == 200
    for person in (alice, bob):
        client = await crowd.connect(servers[1], person, transport)
        reply = await say(client, stream, "hello?")
        assert (reply.error.get("message"), reply.code) == ("The stream is not live", "not_live")


async def test_what_is_refused_reaches_nobody(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    speaker = await crowd.join(servers[0], bob, stream)
    for message in ("", "<b>bold</b>", "\x00"):
        assert not (await say(speaker, stream, message)).ok

    await all_has_arrived(host, stream, speaker, host)

    assert len(heard(speaker)) == len(heard(host)) == 1
    update = await host.wait_for("metrics:update", lambda data: data["metrics"]["comments"])
    assert update["metrics"]["comments"] == 1
