"""Moderators read the queue in pages, narrowed as they like, one item with all that belongs to it, and keep views."""

import secrets

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.database import in_database
from moderation.events.queue import ListQueue
from moderation.models import Item
from moderation.models.queue import ItemKind, Priority
from moderation.render.queue import read_queue
from tests.people import done, make_person, rest, say

PAGE = 50


@pytest.fixture
def ruth():
    """Another moderator."""
    return make_person("ruth", is_moderator=True)


@pytest.fixture
def flags(bob):
    """Makes flags about Bob, one for each of the fields that are given."""

    def make(*fields):
        defaults = {"kind": ItemKind.FRAUD, "subject_kind": "user", "score": 0.5}
        return Item.objects.bulk_create(
            Item(**{**defaults, "user": bob.user, "subject_id": secrets.randbelow(2**60), **own}) for own in fields
        )

    return make


async def pages(moderator, **fields):
    """The ids of each page, from the first to the last."""
    found, after = [], ""
    while True:
        page = done(await moderator.call("queue:list", {**fields, "after": after}))
        found.append([item["id"] for item in page["items"]])
        if not (after := page["next"]):
            return found


async def test_pages_hold_everything_once_although_items_go_meanwhile(servers, transport, bob, mona, flags, crowd):
    made = await in_database(flags, *({"priority": Priority(1 + number % 4)} for number in range(PAGE + 10)))
    expected = [str(item.pk) for item in sorted(made, key=lambda item: (-item.priority, item.pk))]
    moderator = await crowd.connect(servers[0], mona, transport)
    assert await pages(moderator, userId=bob.id) == [expected[:PAGE], expected[PAGE:]]

    first = done(await moderator.call("queue:list", {"userId": bob.id}))
    assert first["count"] == PAGE + 10
    decided = {"decided_at": timezone.now(), "outcome": "show"}
    await in_database(Item.objects.filter(pk__in=expected[: PAGE // 2]).update, **decided)
    rest_of_it = done(await moderator.call("queue:list", {"userId": bob.id, "after": first["next"]}))
    assert [item["id"] for item in rest_of_it["items"]] == expected[PAGE:]


async def test_what_was_decided_comes_in_pages_too_the_last_first(servers, bob, mona, flags, crowd):
    at = timezone.now()
    made = await in_database(flags, *({"decided_at": at, "outcome": "show"} for _ in range(PAGE + 1)))
    moderator = await crowd.connect(servers[0], mona)
    expected = [str(item.pk) for item in reversed(made)]
    assert await pages(moderator, userId=bob.id, decided=True) == [expected[:PAGE], expected[PAGE:]]


async def test_the_queue_is_narrowed(servers, bob, mona, ruth, stream, flags, crowd):
    mild, bad, hers, held = await in_database(
        flags,
        {"score": 0.2},
        {"score": 0.8, "categories": ["hate"]},
        {"assigned_to": ruth.user},
        {"kind": ItemKind.HOLD, "stream": stream},
    )
    moderator = await crowd.connect(servers[0], mona)
    for fields, expected in (
        ({"minScore": 0.8}, [bad]),
        ({"category": "hate"}, [bad]),
        ({"kind": "hold"}, [held]),
        ({"streamId": str(stream.pk)}, [held]),
        ({"assignee": ruth.id}, [hers]),
        ({"assignee": "me"}, []),
        ({"assignee": "nobody"}, [mild, bad, held]),
        ({"assignee": "nobody", "kind": "fraud"}, [mild, bad]),
    ):
        ((*found,),) = await pages(moderator, userId=bob.id, **fields)
        assert found == [str(item.pk) for item in expected], fields


@pytest.mark.parametrize("number", [1, PAGE])
def test_a_page_costs_four_statements_whatever_it_holds(bob, mona, flags, number):
    flags(*({"subject_kind": "message", "reports": 1} for _ in range(number)))
    with CaptureQueriesContext(connection) as made:
        page = read_queue(mona.user, ListQueue(user_id=bob.id))
    assert (len(page.items), len(made)) == (number, 4)


async def test_a_place_that_is_none_is_refused(servers, transport, mona, crowd):
    moderator = await crowd.connect(servers[0], mona, transport)
    for fields in ({"after": "here"}, {"after": f"{9 * 10**17}-1", "decided": True}, {"minScore": 2}):
        assert (await moderator.call("queue:list", fields)).code == "invalid_payload"


async def test_an_item_comes_with_what_was_written_around_it_and_who_reported_it(
    servers, transport, alice, bob, charlie, mona, stream, crowd
):
    author, reporter = await crowd.connect(servers[0], bob), await crowd.connect(servers[0], charlie)
    written = [done(await say(author, stream, text))["id"] for text in ("one", "two", "three")]
    done(await reporter.call("chat:new", {"streamId": str(stream.pk), "message": "psst", "type": "private"}))
    report = {"subjectId": written[1], "reason": "spam", "note": "Again and again"}
    done(await reporter.call("report:send", report))
    item = await in_database(Item.objects.get, subject_id=int(written[1]))

    moderator = await crowd.connect(servers[0], mona, transport)
    details = done(await moderator.call("queue:read", {"id": str(item.pk)}))

    assert details["item"]["text"] == "two"
    assert [line["text"] for line in details["context"]] == ["one", "two", "three"]
    (line,) = details["reportedBy"]
    assert (line["username"], line["reason"], line["note"]) == (charlie.name, "spam", "Again and again")


async def test_a_view_is_kept_replaced_and_dropped_by_its_owner_alone(servers, transport, mona, ruth, crowd):
    moderator, other = await crowd.connect(servers[0], mona, transport), await crowd.connect(servers[1], ruth)
    done(await moderator.call("queue:keep_filter", {"name": "Mine", "assignee": "me"}))
    kept = {"name": "Mine", "kind": "report", "minScore": 0.5}
    (only,) = done(await moderator.call("queue:keep_filter", kept))["filters"]
    assert (only["name"], only["view"]) == ("Mine", {"kind": "report", "minScore": 0.5})
    assert done(await other.call("queue:filters", {}))["filters"] == []

    done(await other.call("queue:drop_filter", {"id": only["id"]}))
    assert done(await moderator.call("queue:filters", {}))["filters"] == [only]
    assert done(await moderator.call("queue:drop_filter", {"id": only["id"]}))["filters"] == []


async def test_there_is_an_end_to_the_views_one_keeps(servers, mona, crowd):
    moderator = await crowd.connect(servers[0], mona)
    for number in range(30):
        done(await moderator.call("queue:keep_filter", {"name": f"View {number}"}))
    assert (await moderator.call("queue:keep_filter", {"name": "One more"})).code == "invalid_state"
    done(await moderator.call("queue:keep_filter", {"name": "View 7", "kind": "hold"}))


async def test_the_queue_is_read_over_rest(servers, bob, mona, flags, crowd):
    (made,) = await in_database(flags, {"score": 0.9})
    page = await rest(servers[0], "GET", f"moderation/queue/?userId={bob.id}&minScore=0.5&decided=false", mona)
    assert [item["id"] for item in page.body["items"]] == [str(made.pk)]
    one = await rest(servers[0], "GET", f"moderation/queue/{made.pk}/", mona)
    assert one.body["item"] == page.body["items"][0]
    assert (await rest(servers[0], "GET", "moderation/queue/filters/", mona)).body == {"filters": []}


async def test_rest_refuses_what_the_command_refuses(servers, charlie, mona):
    for path in ("moderation/queue/", "moderation/queue/1/", "moderation/queue/filters/"):
        assert (await rest(servers[0], "GET", path, charlie)).code == "access_denied"
        assert (await rest(servers[0], "GET", path)).status == 401
    assert (await rest(servers[0], "GET", "moderation/queue/?kind=gossip", mona)).code == "invalid_payload"
    assert (await rest(servers[0], "GET", "moderation/queue/999999999/", mona)).code == "not_found"
