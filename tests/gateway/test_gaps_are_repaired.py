"""After a lost connection to Redis, and after Redis lost its data, members never see a gap without being told."""

import asyncio
import signal

from gateway.bus import bus, publish_pipeline
from gateway.events import Delivery
from gateway.metrics import counters
from gateway.redis_clients import async_redis
from tests.gateway.kernel import Kernel, event, new_room, until


def restored(kernel: Kernel, reconnects: int) -> bool:
    """Whether the bus has been restored since it had been so `reconnects` times."""
    return counters.bus_reconnects > reconnects and bus.healthy


async def test_what_was_published_while_the_bus_was_cut_is_delivered_in_order_and_once(kernel: Kernel):
    room = new_room()
    members = [kernel.member() for _ in range(3)]
    for member in members:
        await kernel.join(member, room)
    kernel.publish(room, 1, 2)
    await members[0].until(lambda member: 2 in member.numbers())
    repaired, reconnects = counters.gaps_repaired, counters.bus_reconnects

    kernel.redis.execute("CLIENT", "KILL", "TYPE", "pubsub")
    kernel.publish(room, *range(3, 100))

    for member in members:
        await member.until(lambda member: 99 in member.numbers())
        assert member.numbers() == list(range(1, 100))
    assert counters.gaps_repaired == repaired + 1
    await until(lambda: restored(kernel, reconnects))
    kernel.publish(room, 100)
    await members[0].until(lambda member: 100 in member.numbers())


async def test_a_gap_that_shows_in_the_numbers_is_filled_before_the_next_event(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    name = kernel.layer._get_group_channel_name(room.group)
    receiver = kernel.layer.receivers[name]
    swallowed = asyncio.Event()

    def swallow(data: bytes) -> None:
        kernel.layer.receivers[name] = receiver
        swallowed.set()

    kernel.layer.receivers[name] = swallow
    kernel.publish(room, 1)
    await swallowed.wait()
    kernel.publish(room, 2, 3)

    await member.until(lambda member: 3 in member.numbers())

    assert member.numbers() == [1, 2, 3]


async def test_what_is_lost_while_a_gap_is_being_read_is_read_too(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    # Once before, so that Redis knows the script.
    await bus.history(room, await kernel.join(member, room))
    name = kernel.layer._get_group_channel_name(room.group)
    receiver = kernel.layer.receivers[name]
    with kernel.answers_held_back():
        run = kernel.scripts_run()
        kernel.hub.repair_all()
        await until(lambda: kernel.scripts_run() > run)
        lost = asyncio.Event()
        kernel.layer.receivers[name] = lambda data: lost.set()
        kernel.publish(room, 1)
        await lost.wait()
        kernel.layer.receivers[name] = receiver
        # The connection was lost again and is back again, before the first look has brought its answer.
        kernel.hub.repair_all()

    await member.until(lambda member: member.numbers() == [1])


async def test_a_repair_that_redis_refuses_is_tried_until_it_succeeds(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    kernel.redis.execute("CLIENT", "KILL", "TYPE", "pubsub")
    kernel.publish(room, 1)
    reconnects = counters.bus_reconnects
    kernel.redis.execute("ACL", "SETUSER", "default", "-@scripting")
    await until(lambda: restored(kernel, reconnects))
    local = kernel.hub.rooms[room]
    await until(lambda: local.repairing)
    kernel.redis.execute("ACL", "SETUSER", "default", "+@scripting")

    await member.until(lambda member: member.numbers() == [1])


async def test_members_are_told_to_start_anew_when_redis_lost_everything(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    told = await kernel.join(member, room)
    kernel.publish(room, 1, 2)
    await member.until(lambda member: 2 in member.numbers())

    kernel.redis.execute("FLUSHALL")
    kernel.publish(room, 3)

    await member.until(lambda member: bool(member.named("room:reset")))
    reset = member.named("room:reset")[0]
    assert reset["room"] == room.wire
    assert reset["epoch"] != told.epoch
    assert reset["epoch"] == (await bus.position(room)).epoch
    # What the new epoch began with is in the snapshot members now take; what follows they hear.
    position = await kernel.join_again(member, room)
    kernel.publish(room, 4)
    await member.until(lambda member: 4 in member.numbers())
    assert member.numbers() == [1, 2, 4]
    assert position.seq == 1


async def test_a_redis_that_comes_back_empty_resets_every_room_without_waiting_for_an_event(kernel: Kernel):
    rooms = [new_room() for _ in range(20)]
    member = kernel.member()
    for room in rooms:
        await kernel.join(member, room)
        kernel.publish(room, 1)
    await member.until(lambda member: len(member.numbers()) == len(rooms))

    kernel.redis.kill()
    await kernel.redis.start()

    await member.until(lambda member: len(member.named("room:reset")) == len(rooms))
    assert {reset["room"] for reset in member.named("room:reset")} == {room.wire for room in rooms}


async def test_a_joiner_told_of_the_new_epoch_hears_nothing_of_the_old_one(kernel: Kernel):
    room = new_room()
    member, joiner = kernel.member(), kernel.member()
    await kernel.join(member, room)
    async with kernel.hub.joining(joiner, room) as entry:
        kernel.publish(room, 1, 2)
        await member.until(lambda member: 2 in member.numbers())
        kernel.redis.execute("FLUSHALL")
        kernel.publish(room, 3)
        await member.until(lambda member: bool(member.named("room:reset")))
        entry.admit(await bus.position(room))
    kernel.publish(room, 4)

    await joiner.until(lambda member: 4 in member.numbers())

    assert joiner.numbers() == [4]
    assert not joiner.named("room:reset")


async def test_what_was_held_back_of_an_epoch_that_is_over_does_not_keep_the_hub_repairing(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    with kernel.bus_held_back():
        kernel.publish(room, 1)
        kernel.redis.execute("FLUSHALL")
        kernel.publish(room, 2)
        kernel.hub.repair_all()
        local = kernel.hub.rooms[room]
        await until(lambda: not local.repairing)
    kernel.publish(room, 3)

    await member.until(lambda member: 3 in member.numbers())

    assert not local.repairing
    assert member.numbers() == [3]
    assert len(member.named("room:reset")) == 1


async def test_a_bus_that_hears_nothing_is_noticed_reported_and_restored(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    assert kernel.redis._child is not None
    process = kernel.redis._child.process
    # A Redis that stands still looks like a connection cut in silence: nothing arrives, nothing fails.
    process.send_signal(signal.SIGSTOP)
    try:
        await until(lambda: not bus.healthy)
    finally:
        process.send_signal(signal.SIGCONT)
    await until(lambda: bus.healthy)
    kernel.publish(room, 1)

    await member.until(lambda member: member.numbers() == [1])


async def test_one_message_that_cannot_be_taken_does_not_end_the_hearing_of_others(kernel: Kernel, caplog):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    await async_redis().publish(kernel.layer._get_group_channel_name(room.group), "not a message of ours")
    kernel.publish(room, 1)

    await member.until(lambda member: member.numbers() == [1])

    assert "could not be taken" in caplog.text


async def test_an_event_published_twice_is_heard_once_and_keeps_its_place(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    one = event(room, 1)

    first, again = publish_pipeline([one]), publish_pipeline([one])
    kernel.publish(room, 2)

    await member.until(lambda member: 2 in member.numbers())
    assert first == again
    assert member.numbers() == [1, 2]
    assert member.seqs() == [1, 2]


async def test_events_without_history_have_no_number_and_leave_no_gap(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    kernel.publish(room, 1)
    kernel.publish(room, 2, delivery=Delivery.VOLATILE)
    kernel.publish(room, 3)

    await member.until(lambda member: 3 in member.numbers())

    assert member.numbers() == [1, 2, 3]
    assert [data.get("seq") for data in member.named("test:event")] == [1, None, 2]
