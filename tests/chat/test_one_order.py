"""Everybody hears everything once and in one and the same order, whoever writes, wherever they are connected."""

import asyncio
from itertools import cycle

from gateway.database import in_database
from gateway.testing import LIVE_TRANSPORTS
from tests.people import all_has_arrived, done, heard, make_people, say

EACH = 20


async def test_messages_of_many_senders_arrive_everywhere_in_one_order(servers, alice, stream, crowd):
    # Moderators, because they may write this fast.
    senders = await in_database(make_people, 6, "sender", is_moderator=True)
    listeners = await in_database(make_people, 6)
    places = cycle([(server, transport) for transport in LIVE_TRANSPORTS for server in servers])
    members = [
        await crowd.join(server, person, stream, transport)
        for person, (server, transport) in zip(senders + listeners, places, strict=False)
    ]
    host = await crowd.join(servers[0], alice, stream)

    async def talk(number):
        for count in range(EACH):
            done(await say(members[number], stream, f"{number} says {count}"))

    await asyncio.gather(*(talk(number) for number in range(len(senders))))
    await all_has_arrived(host, stream, host, *members)

    order = host.named("chat:new")
    assert len(order) == len(senders) * EACH + 1
    assert [data["seq"] for data in order] == list(range(order[0]["seq"], order[0]["seq"] + len(order)))
    for number in range(len(senders)):
        said = [message for message in heard(host) if message.startswith(f"{number} says")]
        assert said == [f"{number} says {count}" for count in range(EACH)]
    for member in members:
        assert member.named("chat:new") == order


async def test_commands_of_one_connection_are_carried_out_in_the_order_they_were_sent(
    servers, live_transport, alice, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream, live_transport)
    for count in range(EACH):
        await host.emit("chat:new", {"streamId": str(stream.pk), "message": f"message {count}", "type": "public"})

    await all_has_arrived(host, stream, host)

    assert heard(host)[:-1] == [f"message {count}" for count in range(EACH)]


async def test_events_of_two_kinds_keep_their_order(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[1], bob, stream, live_transport)
    for count in range(5):
        done(await say(host, stream, f"message {count}"))
        warning = {"streamId": str(stream.pk), "warningType": "spoilers", "message": f"warning {count}"}
        done(await host.call("ai:warning", warning))

    await all_has_arrived(host, stream, viewer)

    events = [event.data["message"] for event in viewer.events if event.name in ("chat:new", "ai:warning")]
    assert events[:-1] == [f"{kind} {count}" for count in range(5) for kind in ("message", "warning")]
