"""Inviting people to a session, and what becomes of it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import selectors as account_selectors
from collab import selectors
from collab.events import CollaborationInvite, InviteClosed, ParticipantJoined
from collab.models import Invite, InviteStatus, Participant, Role, Status
from collab.rooms import session_room
from collab.services.timeline import note
from gateway.errors import CommandError, ErrorCode
from gateway.publish import publish
from gateway.rooms import user_room


def invite(*, user_id: int, session_id: str, invitee_id: int, role: Role, content: str = "") -> Invite:
    """Ask somebody to take part; the invite may be answered for a week.

    Args:
        user_id: who invites: the creator, or an editor.
        role: the role they will have; `editor` at the most.
        content: some words to go with it.

    Raises:
        CommandError: `not_found` for an unknown session or user, `access_denied`, `invalid_state` when the session
            is over, or the user takes part or is invited already.
    """
    if role == Role.CREATOR:
        raise CommandError(ErrorCode.INVALID_STATE, "A session has one creator, who stays")
    with transaction.atomic(durable=True):
        session = selectors.access_locked_session(user_id, session_id, Role.EDITOR).session
        now = timezone.now()
        if session.status not in (Status.ACTIVE, Status.PAUSED) or session.expires_at <= now:
            raise CommandError(ErrorCode.INVALID_STATE, "The session is over")
        if not account_selectors.standing([invitee_id]).get(invitee_id):
            raise CommandError(ErrorCode.NOT_FOUND, "There is no such user")
        pending = Invite.objects.filter(session=session, invitee=invitee_id, status=InviteStatus.PENDING)
        pending.filter(expires_at__lte=now).update(status=InviteStatus.EXPIRED)
        if pending.exists() or selectors.roles_of(session.pk, [invitee_id]):
            raise CommandError(ErrorCode.INVALID_STATE, "The user takes part or is invited already")
        made = Invite.objects.create(
            session=session,
            inviter_id=user_id,
            invitee_id=invitee_id,
            role=role,
            content=content,
            expires_at=now + timedelta(seconds=settings.COLLAB_INVITE_SECONDS),
        )
        note(session, user_id, "invited", userId=str(invitee_id), role=role)
        publish(
            user_room(str(invitee_id)),
            CollaborationInvite(
                invite_id=str(made.pk),
                session_id=str(session.pk),
                inviter_id=str(user_id),
                role=role,
                content=content,
            ),
        )
    return made


def accept_invite(*, user_id: int, invite_id: str) -> Invite:
    """Take part from now on. Raises `CommandError`: `not_found`, `invalid_state`."""
    with transaction.atomic(durable=True):
        accepted = _close(user_id, invite_id, InviteStatus.ACCEPTED)
        Participant.objects.create(session=accepted.session, user_id=user_id, role=accepted.role)
        note(accepted.session, user_id, "joined", role=accepted.role)
        publish(
            session_room(accepted.session_id),
            ParticipantJoined(user_id=str(user_id), role=accepted.role, session_id=str(accepted.session_id)),
        )
    return accepted


def decline_invite(*, user_id: int, invite_id: str) -> Invite:
    """Rather not. Raises `CommandError`: `not_found`, `invalid_state`."""
    with transaction.atomic(durable=True):
        return _close(user_id, invite_id, InviteStatus.DECLINED)


def revoke_invite(*, user_id: int, invite_id: str) -> Invite:
    """Take an invite back, as who made it, or who made the session.

    Raises:
        CommandError: `not_found`, `access_denied`, `invalid_state`.
    """
    with transaction.atomic(durable=True):
        return _close(user_id, invite_id, InviteStatus.REVOKED)


def _close(user_id: int, invite_id: str, status: InviteStatus) -> Invite:
    closed = selectors.access_invite(user_id, invite_id)
    if (closed.invitee_id == user_id) == (status == InviteStatus.REVOKED):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    closed.status = status
    closed.save(update_fields=["status"])
    notice = InviteClosed(invite_id=str(closed.pk), session_id=str(closed.session_id), status=status)
    for person in (closed.invitee_id, closed.inviter_id):
        publish(user_room(str(person)), notice)
    return closed
