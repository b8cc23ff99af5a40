"""What collaboration holds on a person."""

from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.personal_data import Blanked, Deleted, Holding, Kept, Rows, hold
from collab.models import Comment, Entry, Field, Invite, Participant, Session, Update, Version

_SHARED = Kept("a text written together cannot be taken apart: what they wrote in it is told as an id's")


def _alone(user: User) -> Rows:
    others = Participant.objects.filter(session=OuterRef("pk")).exclude(user=user)
    return Session.objects.filter(creator=user).exclude(Exists(others))


hold(
    Holding(
        "collaborations",
        lambda user: Session.objects.filter(creator=user),
        ("id", "kind", "title", "status", "created_at", "expires_at", "ended_at", "final_content"),
        _SHARED,
    ),
    Holding("collaborationsAlone", _alone, ("id", "title"), Deleted()),
    Holding(
        "participations",
        lambda user: Participant.objects.filter(user=user),
        ("session_id", "role", "joined_at"),
        Deleted(),
    ),
    Holding(
        "invitesSent",
        lambda user: Invite.objects.filter(inviter=user),
        ("session_id", "role", "content", "status", "created_at"),
        Blanked({"content": ""}),
    ),
    Holding(
        "invitesReceived",
        lambda user: Invite.objects.filter(invitee=user),
        ("session_id", "role", "content", "status", "created_at"),
        Deleted(),
    ),
    Holding(
        "textUpdates",
        lambda user: Update.objects.filter(author=user),
        ("session_id", "seq", "data", "created_at"),
        _SHARED,
    ),
    Holding(
        "versions",
        lambda user: Version.objects.filter(author=user),
        ("session_id", "name", "seq", "text", "created_at"),
        _SHARED,
    ),
    Holding(
        "fields", lambda user: Field.objects.filter(author=user), ("session_id", "name", "value", "changed_at"), _SHARED
    ),
    Holding(
        "comments",
        lambda user: Comment.objects.filter(author=user),
        ("session_id", "text", "position", "created_at"),
        Blanked({"text": ""}),
    ),
    Holding(
        "collaborationTimeline",
        lambda user: Entry.objects.filter(user=user),
        ("session_id", "what", "details", "created_at"),
        Blanked({"details": {}}),
    ),
)
