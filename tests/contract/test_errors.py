"""Released apps compare the words of errors, so the words never change, on any transport."""

import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from gateway.testing import Client, Transport
from gateway.testing_servers import ServerProcess
from streams.models import Stream
from tests.contract.shapes import assert_shape
from tests.people import Crowd, Person, done, make_stream, say

MALFORMED_IDS = [None, "", "0", "07", "seven", "7; DROP TABLE", 7, True, ["7"], {"id": "7"}, "9" * 19, "９"]
INVALID_TEXTS = ["", "   ", "<script>alert(1)</script>", "<b>bold</b>", "x" * 501, "nul \x00", "abc\u202edef", 7, None]


@pytest.fixture
async def client(
    servers: tuple[ServerProcess, ServerProcess], transport: Transport, bob: Person, crowd: Crowd
) -> Client:
    """Bob, over each transport."""
    return await crowd.connect(servers[0], bob, transport)


@pytest.fixture
async def live_client(
    servers: tuple[ServerProcess, ServerProcess], live_transport: Transport, bob: Person, crowd: Crowd
) -> Client:
    """Bob, over each transport that hears events."""
    return await crowd.connect(servers[0], bob, live_transport)


@pytest.mark.parametrize("event", ["no:such", "og:changed", "session:ready", "Stream:Join", "error"])
async def test_an_event_clients_may_not_send_is_unauthorized(client: Client, event: str) -> None:
    reply = await client.call(event, {"streamId": "1"})
    assert_refused(reply.error, "unauthorized_event", "Unauthorized event")


@pytest.mark.parametrize("stream_id", MALFORMED_IDS, ids=repr)
async def test_a_malformed_stream_id_is_an_invalid_stream(client: Client, stream_id: Any) -> None:
    reply = await client.call("chat:new", {"streamId": stream_id, "message": "hello", "type": "public"})
    assert_refused(reply.error, "invalid_stream", "Invalid stream")


async def test_a_missing_stream_id_is_an_invalid_stream(client: Client) -> None:
    reply = await client.call("chat:new", {"message": "hello", "type": "public"})
    assert_refused(reply.error, "invalid_stream", "Invalid stream")


async def test_a_stream_that_is_not_there_is_an_invalid_stream(client: Client) -> None:
    reply = await client.call("chat:new", {"streamId": "999999999", "message": "hello", "type": "public"})
    assert_refused(reply.error, "invalid_stream", "Invalid stream")


async def test_a_private_stream_denies_access(client: Client, alice: Person) -> None:
    stream = await sync_to_async(make_stream)(alice, is_private=True)
    assert_refused((await say(client, stream, "let me in")).error, "access_denied", "Access denied")


async def test_a_private_stream_denies_access_to_its_room(live_client: Client, alice: Person) -> None:
    stream = await sync_to_async(make_stream)(alice, is_private=True)
    reply = await live_client.call("stream:join", {"streamId": str(stream.pk)})
    assert_refused(reply.error, "access_denied", "Access denied")


async def test_a_command_for_others_denies_access(client: Client, stream: Stream) -> None:
    for event, fields in (("ai:warning", {"warningType": "a", "message": "b"}), ("metrics:update", {"metrics": {}})):
        reply = await client.call(event, {"streamId": str(stream.pk), **fields})
        assert_refused(reply.error, "access_denied", "Access denied")


async def test_a_full_room_says_so(
    servers: tuple[ServerProcess, ServerProcess], live_client: Client, alice: Person, charlie: Person, crowd: Crowd
) -> None:
    stream = await sync_to_async(make_stream)(alice, max_viewers=1)
    await crowd.join(servers[1], charlie, stream)
    reply = await live_client.call("stream:join", {"streamId": str(stream.pk)})
    assert_refused(reply.error, "room_full", "Room full")


@pytest.mark.parametrize("message", INVALID_TEXTS, ids=lambda text: ascii(text)[:20])
async def test_a_text_that_may_not_be_sent_is_invalid_content(client: Client, stream: Stream, message: Any) -> None:
    reply = await client.call("chat:new", {"streamId": str(stream.pk), "message": message, "type": "public"})
    assert_refused(reply.error, "invalid_content", "Invalid content")


async def test_too_many_messages_name_the_seconds_to_wait(client: Client, stream: Stream) -> None:
    replies = [await say(client, stream, f"message {number}") for number in range(6)]
    refused = [reply for reply in replies if not reply.ok]
    assert refused
    for reply in refused:
        assert re.fullmatch(r"Rate limit exceeded\. Try again in [1-9]\d* seconds", reply.error["message"])
        assert reply.code == "rate_limited"
        assert_shape(reply.error, {"retryAfter": "number", "limits": {"events": "integer", "seconds": "number"}}, "E")


async def test_without_an_acknowledgement_a_failure_is_the_event_error(live_client: Client) -> None:
    await live_client.emit("no:such", {})
    error = await live_client.wait_for("error")
    assert error == {"message": "Unauthorized event", "code": "unauthorized_event", "event": "no:such"}


async def test_without_an_acknowledgement_a_success_says_nothing(live_client: Client, stream: Stream) -> None:
    await live_client.emit("stream:join", {"streamId": str(stream.pk)})
    await live_client.emit("chat:new", {"streamId": str(stream.pk), "message": "hello", "type": "public"})
    # Commands are carried out in their order, so the answer to this one comes after all of that.
    done(await live_client.call("stream:leave", {"streamId": str(stream.pk)}))
    assert live_client.named("error") == []


async def test_with_an_acknowledgement_a_failure_is_no_event(live_client: Client, stream: Stream) -> None:
    assert not (await live_client.call("no:such", {})).ok
    done(await live_client.call("stream:join", {"streamId": str(stream.pk)}))
    assert live_client.named("error") == []


def assert_refused(error: dict[str, Any], code: str, message: str) -> None:
    """The error has these words, and every field the wire contract gives it."""
    assert error.get("message") == message
    assert error["code"] == code
    assert_shape(error, {"message": "string", "code": "string", "event": "string"}, "E")
