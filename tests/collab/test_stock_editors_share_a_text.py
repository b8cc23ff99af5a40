"""Stock y-websocket providers with stock Yjs documents, on several processes, are in one text."""

import asyncio


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
