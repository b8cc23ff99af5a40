"""One queue for reports and holds: claimed by one moderator at a time, decided once, and undone."""

import asyncio

import pytest

from audit.selectors import entries_about
from gateway.database import in_database
from moderation.models import Item, Report
from tests.people import all_has_arrived, done, hear, make_person, say

REASON = {"reason": "harassment"}


@pytest.fixture
def ruth():
    """Another moderator."""
    return make_person("ruth", is_moderator=True)


async def write(crowd, server, author, stream, text="good evening"):
    """The id of a new message."""
    client = await crowd.connect(server, author)
    return done(await say(client, stream, text))["id"]


async def report(crowd, server, reporter, message_id, reason="harassment", transport="websocket"):
    client = await crowd.connect(server, reporter, transport)
    return await client.call("report:send", {"subjectId": message_id, "reason": reason})


async def find(moderator, author, **fields):
    """The items about the author, as a moderator's client reads them."""
    return done(await moderator.call("queue:list", {"userId": author.id, **fields}))["items"]


async def act(moderator, event, *items, **fields):
    """What became of each item."""
    seen = [{"id": item["id"], "version": item["version"]} for item in items]
    return done(await moderator.call(event, {"items": seen, **fields}))["items"]


async def test_a_report_comes_before_the_moderators_and_its_decision_acts_in_the_room(
    servers, transport, alice, bob, charlie, mona, stream, crowd
):
    viewer = await crowd.join(servers[0], charlie, stream)
    moderator = await crowd.connect(servers[1], mona)
    done(await moderator.call("queue:watch", {}))
    message = await write(crowd, servers[0], bob, stream)

    done(await report(crowd, servers[0], charlie, message, transport=transport))
    came = await moderator.wait_for("queue:changed")
    (item,) = await find(moderator, bob)
    assert (item["id"], item["text"], item["reasons"]) == (came["itemId"], "good evening", {"harassment": 1})

    (result,) = await act(moderator, "queue:decide", item, outcome="hide", reason="Insults")
    assert result["ok"]
    assert (await viewer.wait_for("chat:removed"))["messageId"] == message
    assert (await viewer.wait_for("report:decided"))["outcome"] == "hide"
    assert await find(moderator, bob) == []
    (decided,) = await find(moderator, bob, decided=True)
    assert (decided["outcome"], decided["decidedBy"]) == ("hide", mona.name)
    (entry,) = await in_database(lambda: list(entries_about("moderation.item", item["id"])))
    assert (entry.action, entry.actor_id, entry.reason) == ("queue.decide", mona.user.pk, "Insults")


async def test_reports_of_one_message_are_one_item_that_grows(servers, alice, bob, charlie, mona, stream, crowd):
    message = await write(crowd, servers[0], bob, stream)
    moderator = await crowd.connect(servers[0], mona)
    done(await report(crowd, servers[0], alice, message))
    (first,) = await find(moderator, bob)
    done(await report(crowd, servers[1], charlie, message, "spam"))
    done(await report(crowd, servers[1], charlie, message, "spam"))
    (item,) = await find(moderator, bob)
    assert (item["id"], item["reports"]) == (first["id"], 2)
    assert item["reasons"] == {"harassment": 1, "spam": 1}
    assert item["score"] > first["score"]


async def test_many_who_report_at_once_make_one_item(servers, bob, mona, stream, crowd):
    message = await write(crowd, servers[0], bob, stream)
    people = await in_database(lambda: [make_person("guest") for _ in range(6)])
    await asyncio.gather(*(report(crowd, servers[number % 2], person, message) for number, person in enumerate(people)))
    moderator = await crowd.connect(servers[0], mona)
    (item,) = await find(moderator, bob)
    assert item["reports"] == 6


async def test_a_held_message_that_is_listed_again_by_a_report_stays_one_item(servers, alice, bob, mona, stream, crowd):
    author = await crowd.connect(servers[0], bob)
    held = done(await say(author, stream, "dumb stream"))
    done(await report(crowd, servers[0], mona, held["id"], "hate"))
    moderator = await crowd.connect(servers[0], mona)
    (item,) = await find(moderator, bob)
    assert (item["kind"], item["reports"], item["categories"]) == ("hold", 1, ["hate"])
    assert item["priority"] == 4


async def test_nobody_reports_themselves_or_what_they_may_not_see(servers, alice, bob, charlie, stream, crowd):
    message = await write(crowd, servers[0], bob, stream)
    assert (await report(crowd, servers[0], bob, message)).code == "access_denied"
    client = await crowd.connect(servers[0], bob)
    whisper = done(await client.call("chat:new", {"streamId": str(stream.pk), "message": "psst", "type": "private"}))
    assert (await report(crowd, servers[0], charlie, whisper["id"])).code == "not_found"


async def test_only_moderators_come_near_the_queue(servers, transport, alice, bob, stream, crowd):
    host = await crowd.connect(servers[0], alice, transport)
    assert (await host.call("queue:list", {})).code == "access_denied"
    payload = {"items": [{"id": "1", "version": 1}], "outcome": "hide"}
    assert (await host.call("queue:decide", payload)).code == "access_denied"
    if transport != "rest":
        assert (await host.call("queue:watch", {})).code == "access_denied"


async def test_a_role_that_is_gone_is_noticed_at_once(servers, mona, crowd):
    moderator = await crowd.connect(servers[0], mona)
    done(await moderator.call("queue:list", {}))
    await in_database(lambda: type(mona.user).objects.filter(pk=mona.user.pk).update(is_moderator=False))
    assert (await moderator.call("queue:list", {})).code == "access_denied"


async def test_of_two_moderators_at_once_one_wins_and_the_other_sees_who(
    servers, alice, bob, mona, ruth, stream, crowd
):
    message = await write(crowd, servers[0], bob, stream)
    done(await report(crowd, servers[0], alice, message))
    first, second = await crowd.connect(servers[0], mona), await crowd.connect(servers[1], ruth)
    (item,) = await find(first, bob)

    results = await asyncio.gather(
        act(first, "queue:decide", item, outcome="hide"), act(second, "queue:decide", item, outcome="show")
    )
    (won,), (lost,) = sorted(results, key=lambda result: not result[0]["ok"])
    assert won["ok"]
    assert not lost["ok"]
    winner = mona if results[0][0]["ok"] else ruth
    assert lost["by"] == winner.name
    assert winner.name in lost["message"]


async def test_what_one_has_claimed_another_cannot_decide(servers, alice, bob, mona, ruth, stream, crowd):
    message = await write(crowd, servers[0], bob, stream)
    done(await report(crowd, servers[0], alice, message))
    first, second = await crowd.connect(servers[0], mona), await crowd.connect(servers[1], ruth)
    (item,) = await find(first, bob)
    (claimed,) = await act(first, "queue:claim", item)
    (refused,) = await act(second, "queue:decide", claimed, outcome="hide")
    assert (refused["ok"], refused["by"]) == (False, mona.name)
    (given,) = await act(first, "queue:unclaim", claimed)
    (decided,) = await act(second, "queue:decide", given, outcome="hide")
    assert decided["ok"]


async def test_a_claim_ends_by_itself(servers, alice, bob, mona, ruth, stream, crowd):
    message = await write(crowd, servers[0], bob, stream)
    done(await report(crowd, servers[0], alice, message))
    first, second = await crowd.connect(servers[0], mona), await crowd.connect(servers[1], ruth)
    (item,) = await find(first, bob)
    (claimed,) = await act(first, "queue:claim", item)
    await in_database(lambda: Item.objects.filter(pk=item["id"]).update(claimed_until="2026-01-01T00:00:00Z"))
    (decided,) = await act(second, "queue:decide", claimed, outcome="show")
    assert decided["ok"]


async def test_several_are_decided_together_and_each_says_what_became_of_it(servers, alice, bob, mona, stream, crowd):
    messages = [await write(crowd, servers[0], bob, stream, text) for text in ("one", "two")]
    for message in messages:
        done(await report(crowd, servers[0], alice, message))
    moderator = await crowd.connect(servers[0], mona)
    items = await find(moderator, bob)
    stale = {**items[1], "version": items[1]["version"] + 5}
    results = await act(moderator, "queue:decide", items[0], stale, {"id": "999999999", "version": 1}, outcome="hide")
    assert [result["ok"] for result in results] == [True, False, False]
    assert len(await find(moderator, bob)) == 1


async def test_a_decision_is_taken_back(servers, alice, bob, mona, stream, crowd):
    viewer = await crowd.join(servers[0], alice, stream)
    message = await write(crowd, servers[1], bob, stream)
    done(await report(crowd, servers[0], alice, message))
    moderator = await crowd.connect(servers[1], mona)
    (item,) = await find(moderator, bob)
    (decided,) = await act(moderator, "queue:decide", item, outcome="hide")
    await viewer.wait_for("chat:removed")

    viewer.events.clear()
    (undone,) = await act(moderator, "queue:undo", decided)
    assert undone["ok"]
    assert (await hear(viewer, "good evening"))["id"] == message
    (item,) = await find(moderator, bob)
    assert (item["status"], item["isShown"]) == ("open", True)


async def test_a_report_that_is_dismissed_changes_nothing_in_the_room(servers, alice, bob, mona, stream, crowd):
    viewer = await crowd.join(servers[0], alice, stream)
    author = await crowd.join(servers[0], bob, stream)
    message = await write(crowd, servers[1], bob, stream)
    done(await report(crowd, servers[0], alice, message))
    moderator = await crowd.connect(servers[1], mona)
    (item,) = await find(moderator, bob)
    (decided,) = await act(moderator, "queue:decide", item, outcome="show")
    assert decided["ok"]
    await act(moderator, "queue:undo", decided)
    await all_has_arrived(author, stream, viewer)
    assert viewer.named("chat:removed") == []


async def test_the_word_of_those_who_were_right_weighs_more(servers, alice, bob, charlie, mona, stream, crowd):
    moderator = await crowd.connect(servers[0], mona)
    for outcome, reporter in (("hide", alice), ("show", charlie)):
        message = await write(crowd, servers[0], bob, stream)
        done(await report(crowd, servers[0], reporter, message))
        await act(moderator, "queue:decide", (await find(moderator, bob))[0], outcome=outcome)
    message = await write(crowd, servers[0], bob, stream)
    for reporter in (alice, charlie):
        done(await report(crowd, servers[0], reporter, message))
    weights = await in_database(
        lambda: {r.reporter_id: r.weight for r in Report.objects.filter(item__subject_id=int(message))}
    )
    assert weights[alice.user.pk] > 1 > weights[charlie.user.pk]


async def test_an_item_is_handed_to_a_moderator_and_to_nobody_else(servers, alice, bob, mona, ruth, stream, crowd):
    message = await write(crowd, servers[0], bob, stream)
    done(await report(crowd, servers[0], alice, message))
    first, second = await crowd.connect(servers[0], mona), await crowd.connect(servers[1], ruth)
    (item,) = await find(first, bob)
    (assigned,) = await act(first, "queue:assign", item, userId=ruth.id)
    assert [found["assignedTo"] for found in await find(second, bob, assignee="me")] == [ruth.name]
    reply = await first.call(
        "queue:assign", {"items": [{"id": item["id"], "version": assigned["version"]}], "userId": bob.id}
    )
    assert reply.code == "access_denied"


async def test_a_retried_decision_acts_once(servers, alice, bob, mona, stream, crowd):
    message = await write(crowd, servers[0], bob, stream)
    done(await report(crowd, servers[0], alice, message))
    moderator = await crowd.connect(servers[0], mona)
    (item,) = await find(moderator, bob)
    first = await act(moderator, "queue:decide", item, outcome="hide", cid="c1")
    assert await act(moderator, "queue:decide", item, outcome="hide", cid="c1") == first
