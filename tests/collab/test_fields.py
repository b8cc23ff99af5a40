"""Fields are edited on a version; what is stale is answered with what is there."""

import asyncio

from collab.models import Role
from gateway.database import in_database
from tests.collab.sessions import make_session
from tests.people import done, make_people


async def edit(client, session, base, **changes):
    """Change fields of a session about metadata."""
    command = {"sessionId": str(session.pk), "editType": "metadata", "changes": changes, "baseVersion": base}
    return await client.call("content_updated", command)


async def test_a_stale_edit_is_answered_with_the_value_as_it_is(servers, transport, alice, bob, session, crowd):
    one = await crowd.connect(servers[0], alice, transport)
    other = await crowd.connect(servers[1], bob, transport)
    assert done(await edit(one, session, 0, title="Sunday"))["version"] == 1

    stale = await edit(other, session, 0, title="Monday")
    assert stale.code == "conflict"
    assert stale.error["current"] == {"version": 1, "changes": {"title": "Sunday"}}
    assert done(await edit(other, session, 1, title="Sunday, or Monday"))["version"] == 2


async def test_three_editors_of_different_fields_all_succeed(servers, transport, alice, crowd):
    people = await in_database(make_people, 3)
    session = await in_database(make_session, alice, dict.fromkeys(people, Role.EDITOR))
    clients = [
        await crowd.connect(server, person, transport)
        for server, person in zip([*servers, servers[0]], people, strict=True)
    ]
    names = ["title", "tags", "cover"]
    answers = await asyncio.gather(
        *(edit(client, session, 0, **{name: name}) for client, name in zip(clients, names, strict=True))
    )
    assert sorted(done(answer)["version"] for answer in answers) == [1, 2, 3]


async def test_a_retry_with_the_same_cid_edits_once(servers, transport, alice, session, crowd):
    client = await crowd.connect(servers[0], alice, transport)
    command = {
        "sessionId": str(session.pk), "editType": "media", "changes": {"cover": 1}, "baseVersion": 0, "cid": "once",
    }  # fmt: skip
    first = done(await client.call("content_updated", command))
    assert done(await client.call("content_updated", command)) == first


async def test_a_viewer_edits_nothing(servers, transport, mona, session, crowd):
    client = await crowd.connect(servers[0], mona, transport)
    assert (await edit(client, session, 0, title="Mine")).code == "access_denied"
