"""What all views of sessions share."""

from typing import Any

from asgiref.sync import async_to_sync
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from collab.models import Comment, Entry, Invite
from collab.selectors import Access
from gateway import limits
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.transports.rest import TokenAuthentication

PAGE = 50


class CollabView(APIView):
    """What all views of sessions share: tokens, a browser's Django session, and how often one may ask."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let only those in who have not asked too often."""
        super().initial(request, *args, **kwargs)
        charge("collab_request", user_id_of(request))


def charge(limit: str, user_id: int) -> None:
    """Charge a request to a user's limit of this name. Raises `CommandError`: `rate_limited`."""
    async_to_sync(limits.spend)(limits.rate(limit, str(user_id)))


def valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """The data of a serializer that must be valid."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def user_id_of(request: Request) -> int:
    """Who asks."""
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return int(request.user.pk)


def number_of(text: str) -> int:
    """An id in a path. Raises `CommandError`: `not_found` for what cannot be one."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise CommandError(ErrorCode.NOT_FOUND)
    return int(text)


def before_of(request: Request) -> int | None:
    """The id a page ends before, as `before` in the query."""
    before = request.query_params.get("before", "")
    if not before:
        return None
    if not (before.isascii() and before.isdecimal() and len(before) < 19):
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: before must be a positive number")
    return int(before)


def show_session(access: Access) -> dict[str, object]:
    """A session, as one who takes part sees it."""
    session = access.session
    return {
        "id": str(session.pk),
        "kind": session.kind,
        "title": session.title,
        "status": session.status,
        "role": access.role,
        "creatorId": str(session.creator_id),
        "createdAt": iso(session.created_at),
        "expiresAt": iso(session.expires_at),
        "endedAt": iso(session.ended_at) if session.ended_at else None,
        "version": session.version,
        "finalContent": session.final_content,
    }


def show_invite(invite: Invite) -> dict[str, object]:
    """An invite."""
    return {
        "id": str(invite.pk),
        "sessionId": str(invite.session_id),
        "inviterId": str(invite.inviter_id),
        "inviteeId": str(invite.invitee_id),
        "role": invite.role,
        "content": invite.content,
        "status": invite.status,
        "expiresAt": iso(invite.expires_at),
    }


def show_comment(comment: Comment) -> dict[str, object]:
    """A comment."""
    return {
        "id": str(comment.pk),
        "userId": str(comment.author_id),
        "username": comment.author.username,
        "comment": comment.text,
        "position": comment.position,
        "createdAt": iso(comment.created_at),
        "resolvedAt": iso(comment.resolved_at) if comment.resolved_at else None,
        "resolvedBy": str(comment.resolved_by_id) if comment.resolved_by_id else None,
    }


def show_entry(entry: Entry) -> dict[str, object]:
    """Something that happened."""
    return {
        "id": str(entry.pk),
        "userId": str(entry.user_id) if entry.user_id else None,
        "what": entry.what,
        "details": entry.details,
        "timestamp": iso(entry.created_at),
    }
