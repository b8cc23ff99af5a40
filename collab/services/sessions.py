"""Sessions: made, paused, resumed, completed, cancelled, expired; and who comes and goes."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from collab import selectors
from collab.events import (
    CollaborationCompleted,
    MemberJoined,
    MemberLeft,
    ParticipantChanged,
    SessionChanged,
)
from collab.models import Invite, InviteStatus, Kind, Participant, Role, Session, Status
from collab.rooms import session_room
from collab.services import text
from collab.services.timeline import note
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso, now_iso
from gateway.identity import Identity
from gateway.publish import evict, publish
from gateway.rooms import user_room


def create_session(
    *, creator_id: int, kind: Kind, title: str, content: str = "", lasts: timedelta | None = None
) -> Session:
    """Make a session, with the text it begins with.

    Args:
        lasts: how long it stays open; a day unless told otherwise.

    Raises:
        CommandError: `payload_too_large` when the text is.
    """
    lasts = lasts or timedelta(seconds=settings.COLLAB_SESSION_SECONDS)
    with transaction.atomic(durable=True):
        session = Session.objects.create(
            creator_id=creator_id, kind=kind, title=title, expires_at=timezone.now() + lasts
        )
        Participant.objects.create(session=session, user_id=creator_id, role=Role.CREATOR)
        note(session, creator_id, "created")
        if content:
            text.begin(session=session, author_id=creator_id, content=content)
    return session


def pause_session(*, user_id: int, session_id: str) -> Session:
    """Let nobody change anything for a while. Raises `CommandError`: `access_denied`, `invalid_state`."""
    return _change(user_id, session_id, Status.ACTIVE, Status.PAUSED)


def resume_session(*, user_id: int, session_id: str) -> Session:
    """Go on with a session that was paused. Raises `CommandError`: `access_denied`, `invalid_state`."""
    return _change(user_id, session_id, Status.PAUSED, Status.ACTIVE)


def cancel_session(*, user_id: int, session_id: str) -> Session:
    """End a session without a result. Raises `CommandError`: `access_denied`, `invalid_state`."""
    with transaction.atomic(durable=True):
        session = selectors.access_locked_session(user_id, session_id, Role.CREATOR).session
        _require_open(session)
        _end(session, Status.CANCELLED)
        _announce(session, user_id)
    return session


def complete_session(*, user_id: int, session_id: str) -> Session:
    """End a session, with what it came to: frozen from then on.

    Raises:
        CommandError: `access_denied` but for the creator, `invalid_state` when it is over.
    """
    selectors.access_session(user_id, session_id, Role.CREATOR)
    with text.writing(int(session_id)) as (session, replica):
        selectors.access_session(user_id, session_id, Role.CREATOR)
        _require_open(session)
        session.final_content = replica.text if session.kind == Kind.TEXT else _values(session)
        _end(session, Status.COMPLETED)
        note(session, user_id, Status.COMPLETED)
        publish(
            session_room(session.pk),
            CollaborationCompleted(
                session_id=str(session.pk), completed_by=str(user_id), final_content=session.final_content
            ),
        )
    return session


def expire_sessions(*, now: datetime | None = None) -> int:
    """End the sessions and the invites whose time is over; returns how many sessions."""
    now = now or timezone.now()
    Invite.objects.filter(status=InviteStatus.PENDING, expires_at__lte=now).update(status=InviteStatus.EXPIRED)
    expired = 0
    for session_id in selectors.due_sessions(now):
        with transaction.atomic(durable=True):
            session = selectors.lock_session(session_id)
            if session.status in (Status.ACTIVE, Status.PAUSED) and session.expires_at <= now:
                _end(session, Status.EXPIRED)
                _announce(session, None)
                expired += 1
    return expired


def change_role(*, user_id: int, session_id: str, participant_id: int, role: Role | None) -> None:
    """Give somebody another role, or let them take part no longer; it holds from their next message on.

    Args:
        user_id: who decides: the creator, or one who leaves.
        participant_id: the id of the user it is about.
        role: the new one; `None` to take it away.

    Raises:
        CommandError: `not_found`, `access_denied`, `invalid_state` for the creator's own role.
    """
    leaves = role is None and participant_id == user_id
    with transaction.atomic(durable=True):
        access = selectors.access_locked_session(user_id, session_id, Role.VIEWER if leaves else Role.CREATOR)
        session = access.session
        if participant_id == session.creator_id or role == Role.CREATOR:
            raise CommandError(ErrorCode.INVALID_STATE, "A session has one creator, who stays")
        rows = Participant.objects.filter(session=session, user=participant_id)
        if not (rows.update(role=role) if role is not None else rows.delete()[0]):
            raise CommandError(ErrorCode.NOT_FOUND)
        note(session, user_id, "role", userId=str(participant_id), role=role)
        changed = ParticipantChanged(user_id=str(participant_id), role=role, session_id=str(session.pk))
        publish(session_room(session.pk), changed)
        publish(user_room(str(participant_id)), changed)
        if role is None:
            evict(user_room(str(participant_id)), [session_room(session.pk)])


# --- Coming and going -----------------------------------------------------------------------------


def announce_join(*, identity: Identity, session_id: str, role: Role, connection_id: str) -> None:
    """Tell the others that somebody came in."""
    event = MemberJoined(
        session_id=session_id, user_id=identity.user_id, username=identity.username, role=role, timestamp=now_iso()
    )
    publish(session_room(session_id), event, skip=connection_id)


def announce_leave(*, identity: Identity, session_id: str) -> None:
    """Tell the others that somebody has gone."""
    event = MemberLeft(session_id=session_id, user_id=identity.user_id, username=identity.username, timestamp=now_iso())
    publish(session_room(session_id), event)


# --- States ---------------------------------------------------------------------------------------


def _change(user_id: int, session_id: str, before: Status, after: Status) -> Session:
    with transaction.atomic(durable=True):
        session = selectors.access_locked_session(user_id, session_id, Role.CREATOR).session
        if session.status != before or session.expires_at <= timezone.now():
            raise CommandError(ErrorCode.INVALID_STATE, f"The session is {session.status}")
        session.status = after
        session.save(update_fields=["status"])
        _announce(session, user_id)
    return session


def _require_open(session: Session) -> None:
    if session.status not in (Status.ACTIVE, Status.PAUSED):
        raise CommandError(ErrorCode.INVALID_STATE, f"The session is {session.status}")


def _end(session: Session, status: Status) -> None:
    session.status = status
    session.ended_at = timezone.now()
    session.save(update_fields=["status", "ended_at", "final_content"])
    Invite.objects.filter(session=session, status=InviteStatus.PENDING).update(status=InviteStatus.REVOKED)


def _announce(session: Session, user_id: int | None) -> None:
    entry = note(session, user_id, session.status)
    publish(
        session_room(session.pk),
        SessionChanged(
            session_id=str(session.pk),
            status=session.status,
            user_id=str(user_id) if user_id is not None else None,
            timestamp=iso(entry.created_at),
        ),
    )


def _values(session: Session) -> dict[str, object]:
    return {field.name: field.value for field in selectors.fields_of(session.pk) if field.kind == session.kind}
