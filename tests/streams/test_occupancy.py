"""How many viewers a stream has and may have, over all processes, whatever becomes of one."""

import asyncio

import pytest

from gateway.database import in_database
from gateway.presence import DEAD_AFTER_SECONDS
from gateway.testing_servers import server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import done, eventually, join, leave, make_people, make_stream, open_crowd, rest, say


def viewers_are(server, stream, count):
    async def look() -> bool:
        return (await rest(server, "GET", f"streams/{stream.pk}/")).body["viewers"] == count

    return look


async def test_viewers_are_counted_over_both_processes(servers, stream, crowd):
    people = await in_database(make_people, 4)
    clients = [await crowd.join(servers[number % 2], person, stream) for number, person in enumerate(people)]

    for server in servers:
        await eventually(viewers_are(server, stream, 4))
    await clients[0].wait_for("metrics:update", lambda data: data["metrics"]["viewers"] == 4)
    await leave(clients[0], stream)
    await clients[1].close()
    for server in servers:
        await eventually(viewers_are(server, stream, 2))
    await clients[2].wait_for("metrics:update", lambda data: data["metrics"]["viewers"] == 2)


async def test_a_user_with_two_tabs_is_one_viewer(servers, bob, charlie, stream, crowd):
    tabs = [await crowd.join(servers[0], bob, stream) for _ in range(2)]
    newcomer = await crowd.connect(servers[0], charlie)

    assert (await join(newcomer, stream))["viewers"] == 2
    await tabs[0].close()
    await newcomer.wait_for("stream:leave", lambda data: data["userId"] == bob.id)
    assert (await join(newcomer, stream))["viewers"] == 2


async def test_a_user_with_devices_on_two_processes_is_one_viewer(servers, bob, charlie, stream, crowd):
    first, second = [await crowd.join(server, bob, stream) for server in servers]
    newcomer = await crowd.join(servers[1], charlie, stream)
    for server in servers:
        await eventually(viewers_are(server, stream, 2))

    # The one who counted them has them no longer, and the other takes over; and back again.
    await leave(first, stream)
    await newcomer.wait_for("stream:leave", lambda data: data["userId"] == bob.id)
    await eventually(viewers_are(servers[0], stream, 2))
    assert (await join(first, stream))["viewers"] == 2
    await second.close()
    await eventually(viewers_are(servers[1], stream, 2))
    await first.close()
    await eventually(viewers_are(servers[1], stream, 1))


async def test_a_full_room_is_full_on_both_processes(servers, live_transport, alice, mona, crowd):
    stream = await in_database(make_stream, alice, max_viewers=2)
    bob, charlie, dora = await in_database(make_people, 3)
    viewer = await crowd.join(servers[0], bob, stream)
    await crowd.join(servers[1], charlie, stream)

    for server in servers:
        late = await crowd.connect(server, dora, live_transport)
        reply = await late.call("stream:join", {"streamId": str(stream.pk)})
        assert (reply.error.get("message"), reply.code) == ("Room full", "room_full")
    await leave(viewer, stream)

    async def there_is_room_again() -> bool:
        return (await late.call("stream:join", {"streamId": str(stream.pk)})).ok

    await eventually(there_is_room_again)


async def test_a_full_room_is_open_to_the_host_and_moderators(servers, alice, bob, mona, crowd):
    stream = await in_database(make_stream, alice, max_viewers=1)
    await crowd.join(servers[0], bob, stream)

    for person in (alice, mona):
        await crowd.join(servers[1], person, stream)


async def test_who_is_in_a_full_room_may_join_again(servers, alice, bob, crowd):
    stream = await in_database(make_stream, alice, max_viewers=1)
    viewer = await crowd.join(servers[0], bob, stream)

    await join(viewer, stream)


@pytest.mark.parametrize("same_process", [True, False], ids=["one process", "two processes"])
async def test_the_last_place_goes_to_exactly_one_of_many(servers, alice, crowd, same_process):
    people = await in_database(make_people, 6)
    clients = [
        await crowd.connect(servers[0 if same_process else number % 2], person) for number, person in enumerate(people)
    ]
    hosts = [await crowd.connect(server, alice) for server in servers]
    for _ in range(5):
        stream = await in_database(make_stream, alice, max_viewers=1)
        for host in hosts:
            # The processes know the stream by now, so that nothing sets the joiners apart.
            done(await say(host, stream, "one place left"))

        replies = await asyncio.gather(
            *(client.call("stream:join", {"streamId": str(stream.pk)}) for client in clients)
        )

        assert sorted(reply.code for reply in replies) == ["", *["room_full"] * 5]


async def test_the_count_is_right_again_soon_after_a_process_was_killed(servers, alice, stream):
    people = await in_database(make_people, 4)
    async with (
        server_process(env=SERVER_ENVIRONMENT) as doomed,
        open_crowd() as crowd,
    ):
        survivor = await crowd.join(servers[0], people[0], stream)
        for person in people[1:]:
            await crowd.join(doomed, person, stream)
        # One has two devices, and the process that counts them dies.
        await crowd.join(servers[1], people[3], stream)
        await eventually(viewers_are(servers[0], stream, 4))

        await doomed.kill()

        await eventually(viewers_are(servers[1], stream, 2), DEAD_AFTER_SECONDS + 5)
        assert (await join(survivor, stream))["viewers"] == 2
