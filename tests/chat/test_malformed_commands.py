"""Commands that are no commands: each is refused in the contract's words, and the connection lives on."""

from itertools import cycle

import pytest

from tests.people import all_has_arrived, done, say

IDS = [
    "abc", "", " ", "0", "-1", "01", "1.5", "1e3", "7; DROP TABLE", "٣", "9" * 19, "1" * 5000, 7, -1, None, True, [],
]  # fmt: skip


@pytest.mark.parametrize("event", ["nonsense", "og:changed", "session:ready", "error", "auth",
                                   "__class__", "chat:new ", "CHAT:NEW", "stream:join\x00", "x" * 1000])  # fmt: skip
async def test_an_event_clients_may_not_send_is_refused(servers, live_transport, bob, stream, crowd, event):
    client = await crowd.connect(servers[0], bob, live_transport)

    reply = await client.call(event, {"streamId": str(stream.pk)})

    assert (reply.error.get("message"), reply.code) == ("Unauthorized event", "unauthorized_event")
    assert reply.error["event"] == event
    done(await say(client, stream, "still here"))


@pytest.mark.parametrize("event", ["nonsense", "og:changed"])
async def test_an_event_clients_may_not_send_is_refused_on_every_server(server, transport, bob, crowd, event):
    client = await crowd.connect(server, bob, transport)

    assert (await client.call(event, {})).error["message"] == "Unauthorized event"


async def test_malformed_stream_ids_are_refused(servers, transport, alice, bob, crowd):
    client = await crowd.connect(servers[0], bob, transport)
    other = await crowd.connect(servers[0], alice, transport)
    commands = {"chat:new": {"message": "hello", "type": "public"}}
    if transport != "rest":
        commands |= {"stream:leave": {}, "metrics:update": {"metrics": {}}}
    for event, fields in commands.items():
        for sender, stream_id in zip(cycle([client, other]), IDS, strict=False):
            reply = await sender.call(event, {**fields, "streamId": stream_id})
            assert (reply.error.get("message"), reply.code) == ("Invalid stream", "invalid_stream"), (event, stream_id)
        assert (await client.call(event, fields)).code == "invalid_stream"


async def test_a_stream_nobody_made_is_no_stream(servers, live_transport, bob, crowd):
    client = await crowd.connect(servers[0], bob, live_transport)

    for event, fields in {
        "stream:join": {},
        "chat:new": {"message": "hello"},
        "metrics:update": {"metrics": {}},
    }.items():
        reply = await client.call(event, {"streamId": "999999999999999999", **fields})
        assert (reply.error.get("message"), reply.code) == ("Invalid stream", "invalid_stream")


@pytest.mark.parametrize("payload", [[], ["a"], "text", 7, 1.5, True], ids=repr)
async def test_a_payload_that_is_no_object_is_refused(servers, transport, bob, stream, crowd, payload):
    client = await crowd.connect(servers[0], bob, transport)

    reply = await client.call("chat:new", payload)

    assert reply.code == "invalid_payload"
    assert reply.error["message"].startswith("Invalid payload")
    assert reply.error["event"] == "chat:new"
    done(await say(client, stream, "still here"))


@pytest.mark.parametrize("extra", [{"room": "stream:1"}, {"userId": "1"}, {"stream_id": "1"}, {"": 1}], ids=str)
async def test_fields_nobody_asked_for_are_refused(servers, transport, bob, stream, crowd, extra):
    client = await crowd.connect(servers[0], bob, transport)

    reply = await say(client, stream, "hello", **extra)

    assert reply.code == "invalid_payload"


async def test_a_failure_without_an_ack_comes_as_an_error_event(server, live_transport, bob, stream, crowd):
    client = await crowd.join(server, bob, stream, live_transport)

    await client.emit("nonsense", {})
    await client.emit("chat:new", {"streamId": "abc", "message": "hello"})
    await client.emit("chat:new", {"streamId": str(stream.pk), "message": "<b>bold</b>"})
    await client.emit("chat:new", {"streamId": str(stream.pk), "message": "hello"})

    await client.wait_for("chat:new", lambda data: data["message"] == "hello")
    assert [(error["message"], error["code"], error["event"]) for error in client.named("error")] == [
        ("Unauthorized event", "unauthorized_event", "nonsense"),
        ("Invalid stream", "invalid_stream", "chat:new"),
        ("Invalid content", "invalid_content", "chat:new"),
    ]


async def test_a_success_never_sends_an_error(servers, live_transport, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream, live_transport)
    stream_id = str(stream.pk)
    await host.emit("chat:new", {"streamId": stream_id, "message": "hello", "type": "public"})
    await host.emit("metrics:update", {"streamId": stream_id, "metrics": {"bitrate": 1}})
    await host.emit("ai:warning", {"streamId": stream_id, "warningType": "spoilers", "message": "none, please"})
    await host.emit("auth:refresh", {"token": alice.token})
    await host.emit("stream:leave", {"streamId": stream_id})
    await host.emit("stream:join", {"streamId": stream_id})

    await all_has_arrived(host, stream, host)

    assert host.named("error") == []


async def test_a_failure_with_an_ack_sends_no_error_event(servers, live_transport, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream, live_transport)
    assert not (await host.call("nonsense", {})).ok

    await all_has_arrived(host, stream, host)

    assert host.named("error") == []


async def test_an_error_tells_nothing_of_the_inside(servers, transport, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob, transport)

    for payload in ({"streamId": str(stream.pk), "message": "hello", "cid": "\x00"}, {"streamId": "\x00"}, {"\x00": 1}):
        reply = await client.call("chat:new", payload)
        assert reply.code in ("invalid_payload", "invalid_stream")
        assert "Traceback" not in str(reply.error)
        assert "Error" not in reply.error["message"]
