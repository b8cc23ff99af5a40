"""Comments on places in the content."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from collab import selectors
from collab.events import CommentAdded, CommentResolved
from collab.models import Comment, Role
from collab.rooms import session_room
from collab.services.bounds import require_fewer
from collab.services.timeline import note
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode, iso, now_iso
from gateway.publish import publish
from moderation.plain_text import require_text


def add_comment(*, user_id: int, session_id: str, comment: str, position: Any = None) -> Comment:
    """Remark on a place in the content.

    Args:
        position: where, in words of the client's; for a text best relative positions of Yjs, which move with it.

    Raises:
        CommandError: `invalid_content` for no text, `invalid_payload` for a position that is too large,
            `not_found`, `access_denied`, `invalid_state` when the session is not open, or has as many as it may.
    """
    words = require_text(comment)
    encoded = encode(position)
    if len(encoded) > settings.COLLAB_MAX_POSITION_BYTES or b"\\u0000" in encoded:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: position")
    with transaction.atomic(durable=True):
        session = selectors.access_open_session(user_id, session_id, Role.COMMENTER).session
        require_fewer(session.comments.count(), settings.COLLAB_MAX_COMMENTS, "comments")
        added = Comment.objects.create(session=session, author_id=user_id, text=words, position=position)
        note(session, user_id, "commented", commentId=str(added.pk))
        publish(
            session_room(session.pk),
            CommentAdded(
                user_id=str(user_id),
                comment=words,
                timestamp=iso(added.created_at),
                comment_id=str(added.pk),
                position=position,
                session_id=str(session.pk),
            ),
        )
    return added


def resolve_comment(*, user_id: int, session_id: str, comment_id: str, resolved: bool) -> Comment:
    """Mark a comment as done, or as open again: by its author, or by who may edit.

    Raises:
        CommandError: `not_found`, `access_denied`, `invalid_state`.
    """
    with transaction.atomic(durable=True):
        access = selectors.access_open_session(user_id, session_id, Role.COMMENTER)
        comment = selectors.access_comment(access.session.pk, comment_id)
        if comment.author_id != user_id and not access.may(Role.EDITOR):
            raise CommandError(ErrorCode.ACCESS_DENIED)
        comment.resolved_at = timezone.now() if resolved else None
        comment.resolved_by_id = user_id if resolved else None
        comment.save(update_fields=["resolved_at", "resolved_by"])
        note(access.session, user_id, "resolved" if resolved else "reopened", commentId=comment_id)
        publish(
            session_room(access.session.pk),
            CommentResolved(
                comment_id=comment_id,
                user_id=str(user_id),
                resolved=resolved,
                timestamp=now_iso(),
                session_id=str(access.session.pk),
            ),
        )
    return comment
