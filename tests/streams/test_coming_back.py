"""A client that comes back says what it saw last, and gets exactly what it missed, or a snapshot when that is gone."""

import pytest
from django.db import transaction

from gateway.database import in_database
from gateway.publish import Announcement, publish, publish_many
from gateway.rooms import user_room
from streams.events.battle import BattleDeclined
from streams.events.throne import ThroneVacated
from streams.rooms import throne_room
from tests.people import all_has_arrived, done, hear, heard, join, make_person, say

NOW = "2026-01-01T12:00:00.000Z"
VACATED = ThroneVacated(
    user_id="1", username="somebody", reason="expired", reign_seconds=1, timestamp=NOW, throne_id="1", stream_id="1"
)
DECLINED = BattleDeclined(battle_id="1", reason="expired", timestamp=NOW)


async def test_a_client_that_comes_back_gets_exactly_what_it_missed(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[1], bob, stream, live_transport)
    done(await say(host, stream, "seen"))
    last = await hear(viewer, "seen")
    await viewer.close()
    missed = [f"missed {number}" for number in range(5)]
    for message in missed:
        done(await say(host, stream, message))
        await hear(host, message)

    viewer = await crowd.connect(servers[0], bob, live_transport)
    joined = await join(viewer, stream, since={"epoch": last["epoch"], "seq": last["seq"]})

    assert joined["recovered"] is True
    assert joined["snapshot"] is None
    assert [event["event"] for event in joined["events"]] == ["chat:new"] * 5
    assert [event["data"] for event in joined["events"]] == host.named("chat:new")[1:]
    assert [event["data"]["message"] for event in joined["events"]] == missed
    assert (joined["epoch"], joined["seq"]) == (last["epoch"], last["seq"] + 5)
    await all_has_arrived(host, stream, viewer)
    assert not set(heard(viewer)) & set(missed)


async def test_who_missed_nothing_gets_nothing(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    await all_has_arrived(host, stream, host)
    last = host.named("chat:new")[-1]
    viewer = await crowd.connect(servers[1], bob, live_transport)

    joined = await join(viewer, stream, since={"epoch": last["epoch"], "seq": last["seq"]})

    assert (joined["recovered"], joined["events"], joined["seq"]) == (True, [], last["seq"])


async def test_a_join_tells_where_the_next_one_may_go_on(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.connect(servers[1], bob)
    first = await join(viewer, stream)
    done(await say(host, stream, "between"))
    await hear(host, "between")

    again = await join(viewer, stream, since={"epoch": first["epoch"], "seq": first["seq"]})

    assert [event["data"]["message"] for event in again["events"]] == ["between"]


@pytest.mark.parametrize("since", [{"epoch": "00000000", "seq": 1}, {"seq": 10**9}, {"seq": 10**30}])
async def test_a_place_that_is_not_in_the_history_gets_a_snapshot(servers, alice, bob, stream, crowd, since):
    host = await crowd.join(servers[0], alice, stream)
    done(await say(host, stream, "history"))
    epoch = (await hear(host, "history"))["epoch"]
    viewer = await crowd.connect(servers[1], bob)

    joined = await join(viewer, stream, since={"epoch": epoch, **since})

    assert (joined["recovered"], joined["events"]) == (False, [])
    assert [message["message"] for message in joined["snapshot"]["messages"]] == ["history"]


@pytest.mark.parametrize(
    "since",
    [{}, {"epoch": "a"}, {"seq": 1}, {"epoch": "a", "seq": -1}, {"epoch": "a", "seq": "1"}, {"epoch": 1, "seq": 1},
     {"epoch": "a" * 17, "seq": 1}, {"epoch": "a", "seq": 1, "more": 1}, {"epoch": "a", "seq": 1.5},
     [], "a:1"],
    ids=str,
)  # fmt: skip
async def test_a_malformed_place_is_refused(servers, bob, stream, crowd, since):
    client = await crowd.connect(servers[0], bob)

    reply = await client.call("stream:join", {"streamId": str(stream.pk), "since": since})

    assert reply.code == "invalid_payload"


async def test_who_follows_a_throne_comes_back_to_what_was_missed_there(
    servers, live_transport, alice, bob, charlie, stream, crowd
):
    follower = await crowd.connect(servers[1], charlie, live_transport)
    first = done(await follower.call("throne:watch", {"streamId": str(stream.pk)}))
    assert (first["recovered"], first["events"]) == (False, [])
    await follower.close()
    host = await crowd.connect(servers[0], alice)
    done(await host.call("throne:watch", {"streamId": str(stream.pk)}))
    await in_database(tell_throne, stream)
    await host.wait_for("throne:vacated")

    follower = await crowd.connect(servers[0], charlie, live_transport)
    again = done(await follower.call("throne:watch", {"streamId": str(stream.pk), "since": place(first)}))
    await in_database(tell_throne, stream)
    told = await follower.wait_for("throne:vacated")

    assert again["recovered"] is True
    assert again["events"] == [{"event": "throne:vacated", "data": host.named("throne:vacated")[0]}]
    assert (again["epoch"], again["seq"]) == (first["epoch"], first["seq"] + 1)
    assert (told["epoch"], told["seq"]) == (first["epoch"], first["seq"] + 2)


async def test_a_moderator_comes_back_to_the_whispers_that_were_missed(
    servers, live_transport, alice, bob, charlie, mona, stream, crowd
):
    await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[0], bob, stream)
    moderator = await crowd.connect(servers[1], mona, live_transport)
    first = (await join(moderator, stream))["moderators"]
    assert (await join(viewer, stream))["moderators"] is None
    await moderator.close()
    done(await say(viewer, stream, "a quiet hello", type="private"))

    moderator = await crowd.connect(servers[0], mona, live_transport)
    again = (await join(moderator, stream, moderatorsSince=place(first)))["moderators"]
    done(await say(viewer, stream, "another hello", type="private"))
    whisper = await hear(moderator, "another hello")

    assert again["recovered"] is True
    assert [missed["data"]["message"] for missed in again["events"]] == ["a quiet hello"]
    assert (whisper["epoch"], whisper["seq"]) == (again["epoch"], again["seq"] + 1)


async def test_a_user_comes_back_to_what_was_missed_in_the_own_room(servers, live_transport, bob, crowd):
    device = await crowd.connect(servers[0], bob, live_transport)
    ready = await device.wait_for("session:ready")
    assert (ready["recovered"], ready["events"]) == (False, [])
    await device.close()
    await in_database(tell_user, bob, 3)

    device = await crowd.connect(servers[1], bob, live_transport, since=place(ready))
    again = await device.wait_for("session:ready")
    await in_database(tell_user, bob, 1)
    told = await device.wait_for("battle:declined")

    assert again["recovered"] is True
    assert [missed["event"] for missed in again["events"]] == ["battle:declined"] * 3
    assert [missed["data"]["seq"] for missed in again["events"]] == [ready["seq"] + number for number in (1, 2, 3)]
    assert (again["epoch"], again["seq"]) == (ready["epoch"], ready["seq"] + 3)
    assert (told["epoch"], told["seq"]) == (again["epoch"], again["seq"] + 1)


@pytest.mark.parametrize("since", ["2026-01-01", 7, {"epoch": "a"}, {"epoch": "00000000", "seq": 1}], ids=str)
async def test_what_else_apps_say_on_connect_is_no_place(servers, live_transport, bob, crowd, since):
    device = await crowd.connect(servers[0], bob, live_transport, since=since)

    ready = await device.wait_for("session:ready")

    assert (ready["recovered"], ready["events"]) == (False, [])


def place(told: dict) -> dict:
    """Where a client stands that was told this."""
    return {"epoch": told["epoch"], "seq": told["seq"]}


def tell_throne(stream) -> None:
    """Something happens at the stream's throne."""
    with transaction.atomic(durable=True):
        publish(throne_room(str(stream.pk)), VACATED)


def tell_user(person, times: int) -> None:
    """A user is told something so many times."""
    with transaction.atomic(durable=True):
        publish_many(Announcement(user_room(person.id), DECLINED) for _ in range(times))


async def test_nothing_is_missed_or_doubled_by_those_who_join_while_others_talk(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    people = [await in_database(make_person, "guest") for _ in range(10)]
    clients = [await crowd.connect(servers[number % 2], person) for number, person in enumerate(people)]

    starts = []
    for number, client in enumerate(clients):
        starts.append((await join(client, stream))["seq"])
        await host.emit("chat:new", {"streamId": str(stream.pk), "message": f"message {number}", "type": "public"})
    await all_has_arrived(host, stream, host, *clients)

    complete = host.named("chat:new")
    assert [data["seq"] for data in complete] == list(range(complete[0]["seq"], complete[0]["seq"] + 11))
    for client, start in zip(clients, starts, strict=True):
        assert client.named("chat:new") == [data for data in complete if data["seq"] > start]
