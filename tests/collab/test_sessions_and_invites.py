"""Sessions from their beginning to their end, and who takes part."""

from datetime import timedelta

import pytest
from django.utils import timezone

from collab.models import Invite, Role, Session
from collab.services import sessions
from collab.services.versions import text_now
from gateway.database import in_database
from tests.collab.sessions import make_session
from tests.collab.writers import Writer
from tests.people import done, rest


async def make(server, person, **fields) -> str:
    """A session over REST; returns its id."""
    made = await rest(server, "POST", "collab/sessions/", person, {"kind": "text", "title": "Draft", **fields})
    assert made.status == 201, made.body
    return made.body["id"]


async def invite(server, person, session_id, invitee, role="editor"):
    return await rest(
        server, "POST", f"collab/sessions/{session_id}/invites/", person, {"userId": invitee.id, "role": role}
    )


async def test_who_accepts_takes_part(servers, alice, bob, crowd):
    client = await crowd.connect(servers[1], bob)
    session_id = await make(servers[0], alice)
    invited = await invite(servers[0], alice, session_id, bob)
    notice = await client.wait_for("collaboration_invite")
    assert notice["inviteId"] == invited.body["id"]
    assert (await rest(servers[0], "GET", f"collab/sessions/{session_id}/", bob)).status == 404

    assert (await rest(servers[1], "GET", "collab/invites/", bob)).body[0]["id"] == notice["inviteId"]
    assert (await rest(servers[1], "POST", f"collab/invites/{notice['inviteId']}/accept/", bob)).status == 200
    joined = done(await client.call("collab:join", {"sessionId": session_id}))
    assert (joined["role"], joined["status"]) == ("editor", "active")
    assert (await rest(servers[1], "POST", f"collab/invites/{notice['inviteId']}/accept/", bob)).status == 409


async def test_invites_are_declined_revoked_and_end_by_themselves(servers, alice, bob, charlie):
    session_id = await make(servers[0], alice)
    first = (await invite(servers[0], alice, session_id, bob)).body["id"]
    assert (await invite(servers[0], alice, session_id, bob)).status == 409
    assert (await rest(servers[0], "POST", f"collab/invites/{first}/decline/", charlie)).status == 404
    assert (await rest(servers[0], "POST", f"collab/invites/{first}/revoke/", bob)).status == 403
    assert (await rest(servers[0], "POST", f"collab/invites/{first}/decline/", bob)).status == 200

    second = (await invite(servers[0], alice, session_id, bob)).body["id"]
    assert (await rest(servers[0], "POST", f"collab/invites/{second}/revoke/", alice)).status == 200
    third = (await invite(servers[0], alice, session_id, bob)).body["id"]
    await in_database(Invite.objects.filter(pk=third).update, expires_at=timezone.now() - timedelta(seconds=1))
    assert (await rest(servers[0], "POST", f"collab/invites/{third}/accept/", bob)).status == 409


async def test_completion_freezes_what_was_written(servers, alice, bob, live_transport, crowd):
    session = await in_database(make_session, alice, {bob: Role.EDITOR}, content="Our text")
    client = await crowd.connect(servers[1], bob, live_transport)
    done(await client.call("collab:join", {"sessionId": str(session.pk)}))
    path = f"collab/sessions/{session.pk}"
    assert (await rest(servers[0], "POST", f"{path}/complete/", bob)).status == 403
    assert (await rest(servers[0], "POST", f"{path}/complete/", alice)).body["finalContent"] == "Our text"
    told = await client.wait_for("collaboration_completed")
    assert (told["completedBy"], told["finalContent"]) == (alice.id, "Our text")
    assert (await rest(servers[0], "POST", f"{path}/undo/", alice)).status == 409
    assert (await rest(servers[0], "POST", f"{path}/resume/", alice)).status == 409


@pytest.mark.parametrize("end", ["pause", "complete", "cancel"])
async def test_nothing_changes_in_a_session_that_is_not_open(servers, alice, bob, live_transport, crowd, end):
    session = await in_database(make_session, alice, {bob: Role.EDITOR}, content="Our text")
    writer = Writer(await crowd.connect(servers[1], bob, live_transport), live_transport, session)
    await writer.join()
    path = f"collab/sessions/{session.pk}"
    assert (await rest(servers[0], "POST", f"{path}/{end}/", alice)).status == 200

    assert (await writer.type("never ")).code == "invalid_state"
    edit = {"sessionId": str(session.pk), "editType": "metadata", "changes": {"title": "Sunday"}, "baseVersion": 0}
    assert (await writer.client.call("content_updated", edit)).code == "invalid_state"
    assert (await rest(servers[0], "POST", f"{path}/comments/", bob, {"comment": "Late"})).status == 409
    assert await in_database(text_now, session_id=session.pk) == "Our text"


async def test_a_session_ends_when_its_time_is_over(alice):
    session = await in_database(make_session, alice, {})
    await in_database(Session.objects.filter(pk=session.pk).update, expires_at=timezone.now() - timedelta(seconds=1))
    await in_database(sessions.expire_sessions)
    await in_database(session.refresh_from_db)
    assert session.status == "expired"


async def test_comments_the_timeline_and_analytics(servers, alice, bob, mona):
    session = await in_database(make_session, alice, {bob: Role.COMMENTER, mona: Role.VIEWER})
    path = f"collab/sessions/{session.pk}"
    remark = {"comment": "A better word?", "position": {"start": 4}}
    assert (await rest(servers[0], "POST", f"{path}/comments/", mona, remark)).status == 403
    made = await rest(servers[0], "POST", f"{path}/comments/", bob, remark)
    assert made.body["position"] == {"start": 4}
    resolved = await rest(servers[1], "PATCH", f"{path}/comments/{made.body['id']}/", alice, {"resolved": True})
    assert resolved.body["resolvedBy"] == alice.id
    entries = (await rest(servers[0], "GET", f"{path}/timeline/", mona)).body["entries"]
    assert [entry["what"] for entry in entries] == ["resolved", "commented", "created"]
    analytics = (await rest(servers[0], "GET", f"{path}/analytics/", mona)).body
    assert (analytics["participants"], analytics["comments"], analytics["resolvedComments"]) == (3, 1, 1)


async def test_a_stranger_finds_nothing(servers, charlie, session):
    for path in ("", "comments/", "timeline/", "analytics/", "text/", "versions/", "authorship/"):
        assert (await rest(servers[0], "GET", f"collab/sessions/{session.pk}/{path}", charlie)).status == 404
