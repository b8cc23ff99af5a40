"""Whoever joins is told the room's position and hears every later event once, in order, whatever happens meanwhile."""

import asyncio
import random

import pytest

from gateway.bus import bus
from gateway.errors import CommandError, ErrorCode
from gateway.events import Delivery
from gateway.wire import TALKING, Wire
from tests.gateway.kernel import SECONDS, Kernel, Member, new_room, run_python

# Publishes so many events for each line it is told.
FLOOD = """
import random, sys
from gateway.bus import publish_pipeline
from gateway.rooms import Room
from tests.gateway.kernel import event
room, count, seed = Room.parse(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
choose = random.Random(seed)
print("ready", flush=True)
for line in sys.stdin:
    left = count
    while left:
        size = min(choose.randint(1, 8), left)
        publish_pipeline([event(room, left - number) for number in range(size)])
        left -= size
"""
EVENTS, MEMBERS, STAYS = 12, 10, 12


async def test_joins_during_a_flood_of_other_processes_miss_and_double_nothing(kernel: Kernel):
    room, choose = new_room(), random.Random(20)
    processes = [await run_python(FLOOD, kernel.redis.url, room.wire, EVENTS, seed) for seed in ("one", "two")]
    for process in processes:
        assert process.stdout
        await process.stdout.readline()
    stays: list[tuple[Member, int, bool]] = []

    async def come_and_go() -> None:
        for _ in range(STAYS):
            # However fast either side is, there is a flood to come into.
            for process in processes:
                assert process.stdin
                process.stdin.write(b"go\n")
            member = kernel.member(choose.choice(list(TALKING)))
            told = await kernel.join(member, room)
            for _ in range(choose.randint(0, 30)):
                await asyncio.sleep(0)
            leaves = choose.random() < 0.7
            if leaves:
                kernel.hub.leave(member, room)
            stays.append((member, told.seq, leaves))

    await asyncio.wait_for(asyncio.gather(*(come_and_go() for _ in range(MEMBERS))), 60)
    await asyncio.wait_for(asyncio.gather(*(process.communicate(b"") for process in processes)), 60)
    last = (await bus.position(room)).seq

    assert last == EVENTS * MEMBERS * STAYS * len(processes)
    for member, told, left in stays:
        if not left:
            await member.until(lambda member, told=told: len(member.seqs()) >= last - told)
        seqs = member.seqs()
        assert seqs == list(range(told + 1, told + 1 + len(seqs)))
        if not left:
            assert told + len(seqs) == last
    assert kernel.hub.rooms[room].position == await bus.position(room)


async def test_a_joiner_that_was_told_less_than_another_hears_what_lies_between(kernel: Kernel):
    room = new_room()
    early, late = kernel.member(), kernel.member()
    async with kernel.hub.joining(early, room) as entry:
        told = await bus.position(room)
        with kernel.bus_held_back():
            kernel.publish(room, 1, 2)
            # The other joiner reads of both events before they arrive here.
            await kernel.join(late, room)
        kernel.publish(room, 3)
        entry.admit(told)

    await early.until(lambda member: 3 in member.numbers())
    await late.until(lambda member: 3 in member.numbers())

    assert early.numbers() == [1, 2, 3]
    assert late.numbers() == [3]


async def test_a_joiner_that_was_told_of_an_event_on_its_way_does_not_hear_it_again(kernel: Kernel):
    room = new_room()
    first, second = kernel.member(), kernel.member()
    await kernel.join(first, room)
    with kernel.bus_held_back():
        kernel.publish(room, 1)
        await kernel.join(second, room)
    kernel.publish(room, 2)

    await second.until(lambda member: 2 in member.numbers())

    assert first.numbers() == [1, 2]
    assert second.numbers() == [2]


async def test_what_comes_while_a_snapshot_is_taken_is_heard_after_it_and_in_order(kernel: Kernel):
    room = new_room()
    member, witness = kernel.member(), kernel.member()
    await kernel.join(witness, room)
    async with kernel.hub.joining(member, room) as entry:
        told = await bus.position(room)
        kernel.publish(room, 1, 2, 3)
        await witness.until(lambda member: 3 in member.numbers())
        assert member.numbers() == []
        entry.admit(told)
    kernel.publish(room, 4)

    await member.until(lambda member: 4 in member.numbers())

    assert member.numbers() == [1, 2, 3, 4]


async def test_a_member_that_joins_again_in_the_midst_of_a_round_is_not_told_twice(kernel: Kernel):
    room = new_room()
    crowd = [kernel.member() for _ in range(2500)]
    await asyncio.gather(*(kernel.join(member, room) for member in crowd))
    local = kernel.hub.rooms[room]
    # Rounds are written from the last member to the first, a thousand a turn of the loop.
    order = [member for member in local.members[Wire.WEBSOCKET] if isinstance(member, Member)]
    first, last = order[0], order[-1]
    kernel.publish(room, 1)
    await last.until(lambda member: member.numbers() == [1])
    assert local.writing
    assert first.numbers() == []

    kernel.hub.leave(first, room)
    entry = kernel.hub.joining(first, room)
    joining = await entry.__aenter__()
    assert local.position is not None
    # It was told of the event in its snapshot.
    joining.admit(local.position)
    await entry.__aexit__(None, None, None)
    kernel.publish(room, 2)
    await first.until(lambda member: 2 in member.numbers())

    assert first.numbers() == [2]


async def test_a_room_entered_again_while_it_is_being_given_up_is_heard(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    kernel.hub.leave(member, room)
    local = kernel.hub.rooms[room]

    # What the timer does about a second after the last member has left.
    kernel.hub._forget(local)
    assert room not in kernel.hub.rooms
    await kernel.join(member, room)
    await asyncio.gather(*kernel.hub._tasks)
    kernel.publish(room, 1)

    await member.until(lambda member: member.numbers() == [1])


async def test_a_command_that_outlives_its_connection_cannot_enter_a_room(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    kernel.hub.remove(member)

    with pytest.raises(CommandError) as refused:
        await kernel.join(member, room)

    assert refused.value.code is ErrorCode.UNAVAILABLE
    assert kernel.hub.count(room) == 0
    assert room not in member.rooms


async def test_a_connection_that_ends_while_it_joins_is_in_no_room(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    async with kernel.hub.joining(member, room) as entry:
        told = await bus.position(room)
        kernel.hub.remove(member)
        entry.admit(told)

    assert kernel.hub.count(room) == 0
    assert kernel.hub.rooms[room].size == 0


async def test_a_join_is_refused_while_redis_is_away_and_works_when_it_is_back(kernel: Kernel):
    room, other = new_room(), new_room()
    member = kernel.member()
    await kernel.join(member, other)
    kernel.redis.kill()

    with pytest.raises(CommandError) as refused:
        async with kernel.hub.joining(member, room):
            pass
    assert refused.value.code is ErrorCode.UNAVAILABLE
    assert room not in member.rooms

    await kernel.redis.start()
    await member.until(lambda member: bool(member.named("room:reset")))
    async with asyncio.timeout(SECONDS):
        await kernel.join(member, room)
    kernel.publish(room, 1)
    await member.until(lambda member: member.numbers() == [1])


async def test_who_shares_a_reading_is_told_all_that_came_since_it_began(kernel: Kernel):
    room = new_room()
    member, joiner = kernel.member(), kernel.member()
    await kernel.join(member, room)
    recent = kernel.hub.rooms[room].remember()
    position = await bus.position(room)
    kernel.publish(room, 1, 2)
    kernel.publish(room, 3, delivery=Delivery.LATEST)
    kernel.publish(room, 4, delivery=Delivery.VOLATILE)
    await member.until(lambda member: 4 in member.numbers())

    async with kernel.hub.joining(joiner, room) as entry:
        kernel.publish(room, 5)
        await member.until(lambda member: 5 in member.numbers())
        entry.rewind(recent)
        kernel.publish(room, 6)
        entry.admit(position)
    kernel.publish(room, 7)

    await joiner.until(lambda joiner: 7 in joiner.numbers())
    assert joiner.numbers() == [1, 2, 3, 5, 6, 7]
