"""Streams over REST: anybody sees the public ones, hosts make, change, start and end their own."""

import pytest

from gateway.database import in_database
from tests.people import make_stream, rest


async def listed(server, person=None, query=""):
    answer = await rest(server, "GET", f"streams/{query}", person)
    assert answer.status == 200
    return [stream["id"] for stream in answer.body["streams"]]


async def test_anybody_sees_live_public_streams_newest_first(servers, alice, bob):
    older = await in_database(make_stream, alice)
    newer = await in_database(make_stream, bob)

    for person in (None, alice):
        found = await listed(servers[0], person)
        assert found.index(str(newer.pk)) < found.index(str(older.pk))


async def test_pending_and_ended_streams_are_listed_only_when_asked_for(servers, alice):
    pending = await in_database(make_stream, alice, live=False)
    ended = await in_database(make_stream, alice)
    assert (await rest(servers[0], "POST", f"streams/{ended.pk}/end/", alice)).status == 200

    live = await listed(servers[0])
    assert str(pending.pk) not in live
    assert str(ended.pk) not in live
    assert str(pending.pk) in await listed(servers[0], query="?status=pending")
    assert str(ended.pk) in await listed(servers[0], query="?status=ended")


async def test_the_list_goes_on_before_an_id(servers, alice):
    older = await in_database(make_stream, alice)
    newer = await in_database(make_stream, alice)

    found = await listed(servers[0], query=f"?before={newer.pk}")

    assert found[0] == str(older.pk)
    assert str(newer.pk) not in found


@pytest.mark.parametrize("query", ["?status=gone", "?before=abc", "?before=-1", "?before=²"])
async def test_a_list_that_cannot_be_is_refused(servers, query):
    answer = await rest(servers[0], "GET", f"streams/{query}")

    assert answer.status == 400
    assert answer.code == "invalid_payload"


async def test_a_host_makes_starts_and_ends_a_stream(servers, alice):
    fields = {"title": "Morning show", "country": "DE", "tags": ["music"], "maxViewers": 50, "slowModeSeconds": 5}

    made = await rest(servers[0], "POST", "streams/", alice, fields)

    assert made.status == 201
    assert made.body.items() >= fields.items()
    assert made.body["host"] == {"id": alice.id, "username": alice.name, "avatar": ""}
    assert (made.body["status"], made.body["startedAt"]) == ("pending", None)
    path = f"streams/{made.body['id']}/"
    started = await rest(servers[1], "POST", f"{path}start/", alice)
    assert (started.status, started.body["status"]) == (200, "live")
    assert started.body["startedAt"].endswith("Z")
    ended = await rest(servers[0], "POST", f"{path}end/", alice)
    assert (ended.status, ended.body["status"]) == (200, "ended")
    assert (await rest(servers[1], "GET", path)).body["status"] == "ended"


async def test_a_stream_only_moves_forward(servers, alice, stream):
    path = f"streams/{stream.pk}/"
    for action, status in (("start/", 409), ("end/", 200), ("end/", 409), ("start/", 409)):
        answer = await rest(servers[0], "POST", path + action, alice)
        assert answer.status == status, action
        if status == 409:
            assert answer.code == "invalid_state"
    assert (await rest(servers[0], "PATCH", path, alice, {"title": "Too late"})).code == "invalid_state"


async def test_nobody_but_the_host_changes_a_stream(servers, bob, mona, stream):
    path = f"streams/{stream.pk}/"
    for person in (bob, mona):
        for method, action in (("POST", "start/"), ("POST", "end/"), ("PATCH", "")):
            answer = await rest(servers[0], method, path + action, person, {"title": "Mine now"})
            assert (answer.status, answer.message) == (403, "Access denied")
    for method, action in (("POST", "start/"), ("POST", "end/"), ("PATCH", "")):
        assert (await rest(servers[0], method, path + action)).status == 401
    assert (await rest(servers[0], "POST", "streams/", json={"title": "Nobody's"})).status == 401
    assert (await rest(servers[0], "GET", path)).body["title"] == stream.title


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"title": ""},
        {"title": "x" * 141},
        {"title": "x", "country": "Germany"},
        {"title": "x", "country": "de"},
        {"title": "x", "maxViewers": 0},
        {"title": "x", "maxViewers": 10**12},
        {"title": "x", "slowModeSeconds": 121},
        {"title": "x", "slowModeSeconds": -1},
        {"title": "x", "tags": ["t"] * 11},
        {"title": "x", "playbackUrl": "javascript:alert(1)"},
        {"title": "x", "invited": ["everybody"]},
        {"title": "nul \x00"},
        [],
        "title",
    ],
    ids=str,
)
async def test_a_stream_with_bad_fields_is_not_made(servers, alice, fields):
    answer = await rest(servers[0], "POST", "streams/", alice, fields)

    assert answer.status == 400
    assert answer.code == "invalid_payload"


@pytest.mark.parametrize("stream_id", ["0", "abc", "-1", "999999999999999999", "9" * 30, "²", "1%00"])
async def test_there_is_nothing_by_an_id_nobody_has(servers, alice, stream_id):
    for path in (f"streams/{stream_id}/", f"streams/{stream_id}/messages/"):
        answer = await rest(servers[0], "GET", path, alice)
        assert (answer.status, answer.code) == (404, "not_found"), path
