"""Stock y-websocket providers with stock Yjs documents, on several processes, are in one text."""

import asyncio

from gateway.redis_clients import sync_redis


async def test_what_one_types_the_other_reads_on_another_process(servers, alice, bob, session, open_editor):
    one, other = await asyncio.gather(open_editor(servers[0], alice, session), open_editor(servers[1], bob, session))
    await asyncio.gather(one.synced(), other.synced())

    one.insert(0, "Hello wörld 👋")
    await other.shows("Hello wörld 👋")
    other.insert(5, ", dear")
    await one.shows("Hello, dear wörld 👋")


async def test_what_is_written_is_there_for_who_comes_later(servers, alice, bob, session, open_editor):
    one = await open_editor(servers[0], alice, session)
    await one.synced()
    one.insert(0, "kept")
    other = await open_editor(servers[0], bob, session)
    await other.shows("kept")
    await one.close()
    await other.close()

    late = await open_editor(servers[1], alice, session)
    await late.shows("kept")


async def test_what_was_typed_offline_is_merged_on_return(servers, alice, bob, session, open_editor):
    one, other = await asyncio.gather(open_editor(servers[0], alice, session), open_editor(servers[1], bob, session))
    await asyncio.gather(one.synced(), other.synced())
    one.insert(0, "middle")
    await other.shows("middle")

    one.tell("leave")
    await one.hear("$status", lambda data: data["status"] == "disconnected")
    one.insert(0, "before ")
    other.insert(6, " after")
    one.tell("come")

    await asyncio.gather(one.shows("before middle after"), other.shows("before middle after"))


async def test_what_was_told_while_redis_forgot_the_room_is_read_all_the_same(
    servers, alice, bob, session, open_editor
):
    one, other = await asyncio.gather(open_editor(servers[0], alice, session), open_editor(servers[1], bob, session))
    await asyncio.gather(one.synced(), other.synced())
    one.insert(0, "before")
    await other.shows("before")

    redis = sync_redis()
    redis.delete(*redis.keys(f"room:{{collab.{session.pk}}}:*"))
    one.insert(6, ", and after")
    await asyncio.gather(one.shows("before, and after"), other.shows("before, and after"))
    # They were sent back to ask, as their protocol has no word for a reset.
    await other.hear("$status", lambda data: data["status"] == "disconnected")
