"""A stream's numbers reach its room when they change, at most once a second; the host's encoder adds its own."""

import asyncio
from datetime import datetime

import pytest

from gateway.database import in_database
from tests.coins import give, send
from tests.people import done, join, leave, make_people, say


async def report(client, stream, metrics):
    return await client.call("metrics:update", {"streamId": str(stream.pk), "metrics": metrics})


async def test_viewers_and_comments_are_told(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream, live_transport)
    viewer = await crowd.join(servers[1], bob, stream)
    done(await say(viewer, stream, "first"))
    done(await say(viewer, stream, "second"))
    done(await say(viewer, stream, "a whisper counts for nothing", type="private"))

    update = await host.wait_for("metrics:update", lambda data: data["metrics"]["comments"] == 2)

    assert update["streamId"] == str(stream.pk)
    assert update["timestamp"].endswith("Z")
    assert update["metrics"]["viewers"] == 2
    assert {"likes", "gifts", "duration", "status"} <= set(update["metrics"])
    await leave(viewer, stream)
    last = await host.wait_for("metrics:update", lambda data: data["metrics"]["viewers"] == 1)
    assert last["metrics"]["comments"] == 2


async def test_who_gifted_most_is_told_and_late_joiners_find_it(servers, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    for person, gift in ((bob, "rose"), (charlie, "heart")):
        await in_database(give, person, 100)
        done(await send(await crowd.connect(servers[1], person, "rest"), stream, gift))
    expected = [
        {"userId": charlie.id, "username": charlie.name, "coins": 50},
        {"userId": bob.id, "username": bob.name, "coins": 10},
    ]
    update = await host.wait_for("metrics:update", lambda data: len(data["metrics"].get("topGifters", [])) == 2)
    assert update["metrics"]["topGifters"] == expected
    late = await crowd.connect(servers[1], bob)
    assert (await join(late, stream))["snapshot"]["topGifters"] == expected


async def test_a_room_is_told_at_most_once_a_second(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewers = [
        await crowd.join(servers[number % 2], person, stream)
        for number, person in enumerate(await in_database(make_people, 6))
    ]
    for count in range(3):
        await asyncio.gather(*(say(viewer, stream, f"message {count}") for viewer in viewers))
        await host.wait_for("metrics:update", lambda data, said=6 * (count + 1): data["metrics"]["comments"] >= said)

    moments = [datetime.fromisoformat(data["timestamp"]) for data in host.named("metrics:update")]
    seconds = (moments[-1] - moments[0]).total_seconds()
    assert len(moments) - 1 <= seconds + 1


async def test_what_the_hosts_encoder_reports_is_merged(servers, transport, alice, bob, stream, crowd):
    viewer = await crowd.join(servers[1], bob, stream)
    host = await crowd.connect(servers[0], alice, transport)

    done(await report(host, stream, {"bitrate": 4500, "codec": "h264"}))
    await viewer.wait_for("metrics:update", lambda data: "client" in data["metrics"])
    done(await report(host, stream, {"bitrate": 6000, "dropped": 0.5, "viewers": 10**6}))

    merged = {"bitrate": 6000, "codec": "h264", "dropped": 0.5, "viewers": 10**6}
    update = await viewer.wait_for("metrics:update", lambda data: data["metrics"].get("client") == merged)
    assert update["metrics"]["viewers"] == 1


async def test_nobody_but_the_host_reports(servers, transport, bob, mona, stream, crowd):
    for person in (bob, mona):
        client = await crowd.connect(servers[0], person, transport)
        reply = await report(client, stream, {"bitrate": 1})
        assert reply.error["message"] == "Access denied"


@pytest.mark.parametrize(
    "metrics",
    [{"a b": 1}, {"": 1}, {"x" * 41: 1}, {"x": "y" * 101}, {"x": [1]}, {"x": {}}, {"x": None}, [], "fast", 7, None,
     {f"m{number}": number for number in range(21)}],
    ids=str,
)  # fmt: skip
async def test_malformed_reports_are_refused(servers, alice, stream, crowd, metrics):
    host = await crowd.connect(servers[0], alice)

    assert (await report(host, stream, metrics)).code == "invalid_payload"
