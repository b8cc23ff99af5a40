"""A client that comes back says what it saw last, and gets exactly what it missed, or a snapshot when that is gone."""

import pytest

from gateway.database import in_database
from tests.people import all_has_arrived, done, hear, heard, join, make_person, say


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
