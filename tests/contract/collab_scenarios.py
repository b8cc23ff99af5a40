"""The scenarios of collaboration; see `scenarios.py`."""

from base64 import b64encode
from typing import Any

from asgiref.sync import sync_to_async
from pycrdt import Doc, Text

from collab.events import (
    AwarenessShared,
    CollaborationCompleted,
    CollaborationInvite,
    CommentAdded,
    CommentResolved,
    ContentUpdated,
    EditFields,
    InviteClosed,
    JoinSession,
    LeaveSession,
    MemberJoined,
    MemberLeft,
    ParticipantChanged,
    ParticipantJoined,
    SessionChanged,
    ShareAwareness,
    SyncText,
    TextSynced,
)
from collab.models import Role, Session
from collab.services import comments, invites, sessions
from collab.yjs.messages import State, Step, write_awareness, write_sync
from gateway.testing import Client, Reply
from tests.collab.sessions import make_session
from tests.contract.scenarios import Stage, hears, sends
from tests.people import Person, done


async def open_session(stage: Stage) -> Session:
    """A session of Alice's in which Bob edits."""
    return await sync_to_async(make_session)(stage.alice, {stage.bob: Role.EDITOR})


async def enter(stage: Stage, person: Person, session: Session) -> Client:
    """A client of `person` in the session's room, where it can be in one."""
    client = await stage.crowd.connect(stage.server, person, stage.transport)
    if stage.transport != "rest":
        done(await client.call("collab:join", {"sessionId": str(session.pk)}))
    return client


def binary(stage: Stage, data: bytes) -> bytes | str:
    """Bytes as the transport takes them: Socket.IO as they are, JSON in base64."""
    return data if stage.transport in ("socketio", "polling") else b64encode(data).decode()


def typed(words: str) -> bytes:
    """The sync message of somebody who types into an empty text."""
    document: Doc[Text] = Doc()
    document.get("content", type=Text).insert(0, words)
    return write_sync(Step.UPDATE, document.get_update())


@sends(JoinSession)
async def somebody_enters_a_session(stage: Stage) -> Reply:
    session = await open_session(stage)
    client = await stage.crowd.connect(stage.server, stage.bob, stage.transport)
    return await client.call("collab:join", {"sessionId": str(session.pk)})


@sends(LeaveSession)
async def somebody_leaves_a_session(stage: Stage) -> Reply:
    session = await open_session(stage)
    client = await enter(stage, stage.bob, session)
    return await client.call("collab:leave", {"sessionId": str(session.pk)})


@hears(MemberJoined)
async def the_others_are_told_who_enters(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    newcomer = await stage.crowd.connect(stage.server, stage.bob)
    done(await newcomer.call("collab:join", {"sessionId": str(session.pk)}))
    return await client.wait_for("collab:join", lambda data: data["userId"] == stage.bob.id)


@hears(MemberLeft)
async def the_others_are_told_who_leaves(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    leaver = await stage.crowd.connect(stage.server, stage.bob)
    done(await leaver.call("collab:join", {"sessionId": str(session.pk)}))
    done(await leaver.call("collab:leave", {"sessionId": str(session.pk)}))
    return await client.wait_for("collab:leave", lambda data: data["userId"] == stage.bob.id)


# --- The text -------------------------------------------------------------------------------------


@sends(SyncText)
async def somebody_types(stage: Stage) -> Reply:
    session = await open_session(stage)
    client = await enter(stage, stage.bob, session)
    return await client.call("collab:sync", {"sessionId": str(session.pk), "message": binary(stage, typed("Hello"))})


@hears(TextSynced)
async def somebody_reads_what_another_types(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    author = await stage.crowd.connect(stage.server, stage.bob)
    done(await author.call("collab:join", {"sessionId": str(session.pk)}))
    message = b64encode(typed("Hello")).decode()
    done(await author.call("collab:sync", {"sessionId": str(session.pk), "message": message}))
    return await client.wait_for("collab:sync")


@sends(ShareAwareness)
async def somebody_points(stage: Stage) -> Reply:
    session = await open_session(stage)
    client = await enter(stage, stage.bob, session)
    message = binary(stage, write_awareness([State(7, 1, {"cursor": 3})]))
    return await client.call("collab:awareness", {"sessionId": str(session.pk), "message": message})


@hears(AwarenessShared)
async def somebody_sees_where_another_is(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    author = await stage.crowd.connect(stage.server, stage.bob)
    done(await author.call("collab:join", {"sessionId": str(session.pk)}))
    message = b64encode(write_awareness([State(7, 1, {"cursor": 3})])).decode()
    done(await author.call("collab:awareness", {"sessionId": str(session.pk), "message": message}))
    return await client.wait_for("collab:awareness")


# --- Fields ---------------------------------------------------------------------------------------


@sends(EditFields)
async def somebody_edits_a_field(stage: Stage) -> Reply:
    session = await open_session(stage)
    client = await enter(stage, stage.bob, session)
    edit = {"sessionId": str(session.pk), "editType": "metadata", "changes": {"title": "Sunday"}, "baseVersion": 0}
    return await client.call("content_updated", edit)


@hears(ContentUpdated)
async def somebody_hears_of_an_edit(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    author = await stage.crowd.connect(stage.server, stage.bob)
    edit = {"sessionId": str(session.pk), "editType": "media", "changes": {"cover": "a.png"}, "baseVersion": 0}
    done(await author.call("content_updated", edit))
    return await client.wait_for("content_updated")


# --- Notices --------------------------------------------------------------------------------------


@hears(CollaborationInvite)
async def somebody_is_invited(stage: Stage) -> dict[str, Any]:
    client = await stage.crowd.connect(stage.server, stage.mona, stage.transport)
    await invited(stage)
    return await client.wait_for("collaboration_invite")


@hears(InviteClosed)
async def an_invite_is_declined(stage: Stage) -> dict[str, Any]:
    client = await stage.crowd.connect(stage.server, stage.alice, stage.transport)
    _, invite_id = await invited(stage)
    await sync_to_async(invites.decline_invite)(user_id=stage.mona.user.pk, invite_id=invite_id)
    return await client.wait_for("collaboration_invite_closed")


@hears(ParticipantJoined)
async def an_invite_is_accepted(stage: Stage) -> dict[str, Any]:
    session, invite_id = await invited(stage)
    client = await enter(stage, stage.alice, session)
    await sync_to_async(invites.accept_invite)(user_id=stage.mona.user.pk, invite_id=invite_id)
    return await client.wait_for("participant_joined")


async def invited(stage: Stage) -> tuple[Session, str]:
    """A session to which Alice has invited Mona, and the invite's id."""
    session = await open_session(stage)
    made = await sync_to_async(invites.invite)(
        user_id=stage.alice.user.pk, session_id=str(session.pk), invitee_id=stage.mona.user.pk, role=Role.EDITOR
    )
    return session, str(made.pk)


@hears(ParticipantChanged)
async def somebody_gets_another_role(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    await sync_to_async(sessions.change_role)(
        user_id=stage.alice.user.pk, session_id=str(session.pk), participant_id=stage.bob.user.pk, role=Role.VIEWER
    )
    return await client.wait_for("participant_changed")


@hears(CommentAdded)
async def somebody_comments(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    await sync_to_async(comments.add_comment)(
        user_id=stage.bob.user.pk, session_id=str(session.pk), comment="A better word?", position={"start": 4}
    )
    return await client.wait_for("comment_added")


@hears(CommentResolved)
async def a_comment_is_resolved(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.alice, session)
    who = {"user_id": stage.bob.user.pk, "session_id": str(session.pk)}
    comment = await sync_to_async(comments.add_comment)(**who, comment="A better word?")
    await sync_to_async(comments.resolve_comment)(**who, comment_id=str(comment.pk), resolved=True)
    return await client.wait_for("comment_resolved")


@hears(SessionChanged)
async def a_session_is_paused(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.bob, session)
    await sync_to_async(sessions.pause_session)(user_id=stage.alice.user.pk, session_id=str(session.pk))
    return await client.wait_for("collaboration_changed")


@hears(CollaborationCompleted)
async def a_session_is_completed(stage: Stage) -> dict[str, Any]:
    session = await open_session(stage)
    client = await enter(stage, stage.bob, session)
    await sync_to_async(sessions.complete_session)(user_id=stage.alice.user.pk, session_id=str(session.pk))
    return await client.wait_for("collaboration_completed")
