"""Commands and events of collaboration."""

from typing import Annotated, Any, Literal

import msgspec

from collab.yjs.messages import awareness_frame, sync_frame
from gateway.events import Command, Delivery, Event, Id, MissedEvent, Since, command, event

EditType = Literal["text", "media", "metadata"]
FieldName = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]

_SESSION = {"sessionId": "4"}
_AT = "2026-01-01T12:00:00.000Z"


class ParticipantCard(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """Somebody who takes part in a session."""

    user_id: str
    username: str
    avatar: str
    role: str


class FieldCard(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """A field as it stands, and the session's version when it was changed last."""

    edit_type: str
    name: str
    value: Any
    version: int


# --- Coming and going -----------------------------------------------------------------------------


@command(
    "collab:join",
    limit="join",
    needs_connection=True,
    example={"sessionId": "4", "since": {"epoch": "9f1c2b3a", "seq": 41}},
)
class JoinSession(Command):
    """Enter the session's room, as one who takes part in it."""

    session_id: Id
    since: Since | None = None


class SessionJoined(msgspec.Struct, kw_only=True, rename="camel"):
    """The answer to `collab:join`: the session as it stands, and what was missed since the place named."""

    id: str
    kind: str
    title: str
    status: str
    role: str
    creator_id: str
    expires_at: str
    participants: list[ParticipantCard]
    fields: list[FieldCard]
    version: int
    recovered: bool
    events: list[MissedEvent]
    epoch: str
    seq: int


@command("collab:leave", needs_connection=True, example={"sessionId": "4"})
class LeaveSession(Command):
    """Leave the session's room."""

    session_id: Id


@event(
    "collab:join",
    to="the room, without the joiner",
    delivery=Delivery.VOLATILE,
    example={"sessionId": "4", "userId": "2", "username": "bob", "role": "editor", "timestamp": _AT},
)
class MemberJoined(Event):
    """Somebody who takes part has come in."""

    session_id: str
    user_id: str
    username: str
    role: str
    timestamp: str


@event(
    "collab:leave",
    to="the room",
    delivery=Delivery.VOLATILE,
    example={"sessionId": "4", "userId": "2", "username": "bob", "timestamp": _AT},
)
class MemberLeft(Event):
    """Somebody has left the room; they still take part."""

    session_id: str
    user_id: str
    username: str
    timestamp: str


# --- The text -------------------------------------------------------------------------------------


@command("collab:sync", limit=None, needs_connection=True, example={"sessionId": "4", "message": "AAEA"})
class SyncText(Command):
    """A sync message of y-protocols: a question is answered by `collab:sync` to this client, an update is stored."""

    session_id: Id
    message: bytes


@event(
    "collab:sync",
    to="the room, its author included; answers to a question, to who asked",
    raw=sync_frame,
    example={"message": "AgIAAA==", "sessionId": "4", "userId": "2"},
)
class TextSynced(Event):
    """A sync message of y-protocols. `userId` wrote it; it is empty when the server answers or asks."""

    message: bytes
    session_id: str
    user_id: str


@command(
    "collab:awareness", limit="collab_awareness", needs_connection=True, example={"sessionId": "4", "message": "AA=="}
)
class ShareAwareness(Command):
    """An awareness update of y-protocols. Only the state of the client's own document is passed on."""

    session_id: Id
    message: bytes


@event(
    "collab:awareness",
    to="the room, its author included",
    delivery=Delivery.VOLATILE,
    raw=awareness_frame,
    example={"message": "AQEBAnt9", "sessionId": "4", "userId": "2"},
)
class AwarenessShared(Event):
    """An awareness update of y-protocols: cursors and names. The server sets `user.id` and `user.name` in it."""

    message: bytes
    session_id: str
    user_id: str


# --- Fields ---------------------------------------------------------------------------------------


@command(
    "content_updated",
    limit="collab_edit",
    example={"sessionId": "4", "editType": "metadata", "changes": {"title": "Sunday"}, "baseVersion": 3, "cid": "b1c2"},
)
class EditFields(Command):
    """Change fields. `baseVersion` is the session's version the change was made on; it starts at 0.

    Refused with `conflict` when one of these very fields has changed since; `current` in the error has the
    version and their values.
    """

    session_id: Id
    edit_type: EditType
    changes: Annotated[dict[FieldName, Any], msgspec.Meta(min_length=1, max_length=50)]
    base_version: Annotated[int, msgspec.Meta(ge=0)]


class FieldsEdited(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The answer to `content_updated`: the session's version with this edit."""

    edit_id: str
    version: int


@event(
    "content_updated",
    to="the room, its author included",
    delivery=Delivery.DURABLE,
    example={
        "editId": "15", "userId": "2", "editType": "metadata", "changes": {"title": "Sunday"}, "timestamp": _AT,
        "version": 4, "sessionId": "4",
    },
)  # fmt: skip
class ContentUpdated(Event):
    """Fields were changed."""

    edit_id: str
    user_id: str
    edit_type: str
    changes: dict[str, Any]
    timestamp: str
    version: int
    session_id: str


# --- Notices --------------------------------------------------------------------------------------


@event(
    "collaboration_invite",
    to="the user who is invited",
    delivery=Delivery.DURABLE,
    example={"inviteId": "8", "sessionId": "4", "inviterId": "1", "role": "editor", "content": "Write with me"},
)
class CollaborationInvite(Event):
    """Somebody asks you to take part in a session."""

    invite_id: str
    session_id: str
    inviter_id: str
    role: str
    content: str


@event(
    "collaboration_invite_closed",
    to="the user who was invited, and who invited them",
    delivery=Delivery.DURABLE,
    example={"inviteId": "8", "sessionId": "4", "status": "declined"},
)
class InviteClosed(Event):
    """An invite was accepted, declined or revoked."""

    invite_id: str
    session_id: str
    status: str


@event(
    "participant_joined",
    to="the room",
    delivery=Delivery.DURABLE,
    example={"userId": "2", "role": "editor", "sessionId": "4"},
)
class ParticipantJoined(Event):
    """Somebody has accepted an invite and takes part from now on."""

    user_id: str
    role: str
    session_id: str


@event(
    "participant_changed",
    to="the room, and the user",
    delivery=Delivery.DURABLE,
    example={"userId": "2", "role": "viewer", "sessionId": "4"},
)
class ParticipantChanged(Event):
    """Somebody has another role now; `role` is `null` for one who no longer takes part."""

    user_id: str
    role: str | None
    session_id: str


@event(
    "comment_added",
    to="the room",
    delivery=Delivery.DURABLE,
    example={
        "eventId": "f0a1b2c3", "userId": "2", "comment": "A better word?", "timestamp": _AT, "commentId": "6",
        "position": {"start": 4, "end": 9}, "sessionId": "4",
    },
)  # fmt: skip
class CommentAdded(Event):
    """A remark on a place in the content."""

    user_id: str
    comment: str
    timestamp: str
    comment_id: str
    position: Any
    session_id: str


@event(
    "comment_resolved",
    to="the room",
    delivery=Delivery.DURABLE,
    example={"commentId": "6", "userId": "1", "resolved": True, "timestamp": _AT, "sessionId": "4"},
)
class CommentResolved(Event):
    """A comment was resolved, or opened again."""

    comment_id: str
    user_id: str
    resolved: bool
    timestamp: str
    session_id: str


@event(
    "collaboration_changed",
    to="the room",
    delivery=Delivery.DURABLE,
    example={"sessionId": "4", "status": "paused", "userId": "1", "timestamp": _AT},
)
class SessionChanged(Event):
    """The session is `active` again, `paused`, `cancelled` or `expired`; nobody did the last."""

    session_id: str
    status: str
    user_id: str | None
    timestamp: str


@event(
    "collaboration_completed",
    to="the room",
    delivery=Delivery.DURABLE,
    example={"sessionId": "4", "completedBy": "1", "finalContent": "Our text"},
)
class CollaborationCompleted(Event):
    """The session is over. `finalContent` is the text, or the fields of a session about media or metadata."""

    session_id: str
    completed_by: str
    final_content: Any
