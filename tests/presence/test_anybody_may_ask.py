"""States are read by command and over REST, of up to a hundred users; of the banned nothing is said."""

from accounts import services
from gateway.database import in_database
from gateway.testing import connected
from tests.people import done, make_people, rest
from tests.presence.watching import watch


async def test_the_command_and_rest_say_the_same(servers, transport, alice, bob, charlie, crowd):
    watcher = await crowd.connect(servers[0], bob)
    await crowd.connect(servers[1], alice)
    await watch(watcher, alice)
    await watcher.wait_for("presence:changed") if (await watch(watcher, alice))[alice.id] == "offline" else None

    async with connected(servers[1], transport, bob.token) as client:
        answer = done(await client.call("presence:get", {"userIds": [alice.id, charlie.id]}))
    response = await rest(servers[0], "GET", f"presence/?ids={alice.id},{charlie.id}", bob)

    assert response.status == 200
    assert response.body == answer["users"]
    assert [(user["userId"], user["state"]) for user in answer["users"]] == [
        (alice.id, "online"), (charlie.id, "offline"),
    ]  # fmt: skip
    assert answer["users"][0]["lastSeen"] is None
    assert answer["users"][1]["lastSeen"].endswith("Z")


async def test_of_the_banned_and_of_nobody_nothing_is_said(servers, alice, bob):
    await in_database(services.ban, user=alice.user)

    response = await rest(servers[0], "GET", f"presence/?ids={alice.id},999999999", bob)

    assert response.body == [
        {"userId": alice.id, "state": "offline", "lastSeen": None},
        {"userId": "999999999", "state": "offline", "lastSeen": None},
    ]


async def test_more_than_a_hundred_or_what_is_no_id_is_refused(servers, bob, crowd):
    client = await crowd.connect(servers[0], bob)
    many = [str(number) for number in range(1, 102)]
    for ids in (many, ["x"], ["0"]):
        for event in ("presence:get", "presence:watch"):
            assert (await client.call(event, {"userIds": ids})).code == "invalid_payload"
        assert (await rest(servers[0], "GET", f"presence/?ids={','.join(ids)}", bob)).code == "invalid_payload"
    assert (await rest(servers[0], "GET", "presence/?ids=1")).code == "authentication_required"


async def test_a_hundred_may_be_watched(servers, bob, crowd):
    people = await in_database(make_people, 100)
    watcher = await crowd.connect(servers[0], bob)

    assert len(await watch(watcher, *people)) == 100
    await crowd.connect(servers[1], people[99])

    await watcher.wait_for("presence:changed", lambda data: data["userId"] == people[99].id)
