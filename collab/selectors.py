"""Reading sessions. What a client names is fetched only through `access_*`, which checks who may do what in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from collab.models import (
    Comment,
    Entry,
    Field,
    Invite,
    InviteStatus,
    Kind,
    Participant,
    Role,
    Session,
    Snapshot,
    Status,
    Update,
    Version,
    Writer,
)
from gateway.errors import CommandError, ErrorCode

# Each role with the roles that may do what it may.
_AT_LEAST = {
    Role.CREATOR: frozenset({Role.CREATOR}),
    Role.EDITOR: frozenset({Role.CREATOR, Role.EDITOR}),
    Role.COMMENTER: frozenset({Role.CREATOR, Role.EDITOR, Role.COMMENTER}),
    Role.VIEWER: frozenset(Role),
}
_MOST_UNDONE = 500
_OPEN = (Status.ACTIVE, Status.PAUSED)


@dataclass(frozen=True, slots=True)
class Access:
    """A session, and the role somebody has in it."""

    session: Session
    role: Role

    def may(self, role: Role) -> bool:
        """Whether they may do what this role may."""
        return self.role in _AT_LEAST[role]


def access_session(user_id: int, session_id: str, needs: Role = Role.VIEWER) -> Access:
    """The session, for those who take part in it with at least the role `needs`.

    Raises:
        CommandError: `not_found` when there is none the user takes part in, `access_denied` for a lesser role.
    """
    participant = None
    if session_id.isascii() and session_id.isdecimal() and len(session_id) < 19:
        participant = (
            Participant.objects.select_related("session").filter(session=int(session_id), user=user_id).first()
        )
    if participant is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    access = Access(participant.session, Role(participant.role))
    if not access.may(needs):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return access


def access_open_session(user_id: int, session_id: str, needs: Role) -> Access:
    """The session, locked for the caller's transaction, while it may be changed: it is active and its time not over.

    Raises:
        CommandError: `not_found`, `access_denied`, or `invalid_state` when it is paused or over.
    """
    access = access_locked_session(user_id, session_id, needs)
    require_active(access.session)
    return access


def access_locked_session(user_id: int, session_id: str, needs: Role) -> Access:
    """The session, locked for the caller's transaction, whatever state it is in.

    Raises:
        CommandError: `not_found` or `access_denied`.
    """
    access_session(user_id, session_id, needs)
    locked = Session.objects.select_for_update(no_key=True).get(pk=session_id)
    # Read again under the lock: roles change under it too.
    access = access_session(user_id, session_id, needs)
    return Access(locked, access.role)


def lock_session(session_id: int) -> Session:
    """The session, locked for the caller's transaction.

    Raises:
        CommandError: `not_found`.
    """
    session = Session.objects.select_for_update(no_key=True).filter(pk=session_id).first()
    if session is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    return session


def require_active(session: Session) -> None:
    """Require that a session may be changed.

    Raises:
        CommandError: `invalid_state` when it is paused or over.
    """
    if session.status != Status.ACTIVE or session.expires_at <= timezone.now():
        raise CommandError(ErrorCode.INVALID_STATE, "The session is not active")


def roles_of(session_id: int, user_ids: Iterable[int]) -> dict[int, Role]:
    """The roles users have in a session now."""
    rows = Participant.objects.filter(session=session_id, user__in=set(user_ids)).values_list("user_id", "role")
    return {user_id: Role(role) for user_id, role in rows}


def sessions_of(user_id: int) -> QuerySet[Participant]:
    """What a user takes part in, the newest first."""
    return Participant.objects.filter(user=user_id).select_related("session__creator").order_by("-session_id")


def participants(session_id: int) -> list[Participant]:
    """Who takes part in a session."""
    return list(Participant.objects.filter(session=session_id).select_related("user").order_by("id"))


def due_sessions(now: datetime) -> list[int]:
    """The ids of open sessions whose time is over."""
    return list(Session.objects.filter(status__in=_OPEN, expires_at__lte=now).values_list("pk", flat=True))


# --- Invites --------------------------------------------------------------------------------------


def invites_to(user_id: int) -> QuerySet[Invite]:
    """The invites a user may still answer, the newest first."""
    pending = Invite.objects.filter(invitee=user_id, status=InviteStatus.PENDING, expires_at__gt=timezone.now())
    return pending.select_related("session", "inviter")


def invites_of(session_id: int) -> list[Invite]:
    """The invites of a session, the newest first."""
    return list(Invite.objects.filter(session=session_id).select_related("invitee"))


def access_invite(user_id: int, invite_id: str) -> Invite:
    """A pending invite, locked for the caller's transaction, for whoever was invited, invited, or made the session.

    Raises:
        CommandError: `not_found`, or `invalid_state` when it was answered or is over.
    """
    invite = None
    if invite_id.isascii() and invite_id.isdecimal() and len(invite_id) < 19:
        mine = Q(invitee=user_id) | Q(inviter=user_id) | Q(session__creator=user_id)
        invite = Invite.objects.select_for_update(of=("self",)).filter(mine, pk=int(invite_id)).first()
    if invite is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    if invite.status != InviteStatus.PENDING or invite.expires_at <= timezone.now():
        raise CommandError(ErrorCode.INVALID_STATE, "The invite is no longer open")
    return invite


# --- The text -------------------------------------------------------------------------------------


def last_snapshot(session_id: int, before: int | None = None) -> Snapshot | None:
    """The newest snapshot, or the newest that holds no update from number `before` on."""
    snapshots = Snapshot.objects.filter(session=session_id)
    if before is not None:
        snapshots = snapshots.filter(seq__lt=before)
    return snapshots.order_by("-seq").first()


def updates_after(session_id: int, seq: int, until: int | None = None) -> QuerySet[Update]:
    """The log after an update, the oldest first, perhaps only up to another."""
    updates = Update.objects.filter(session=session_id, seq__gt=seq)
    if until is not None:
        updates = updates.filter(seq__lte=until)
    return updates.order_by("seq")


def last_change(session_id: int, author_id: int, pause: float) -> list[Update]:
    """A user's last updates that nobody has taken back, made without a pause of so many seconds, the oldest first."""
    mine = Update.objects.filter(session=session_id, author=author_id).order_by("-seq")
    last = mine.first()
    while last is not None and last.undoes is not None:
        last = mine.filter(seq__lt=last.undoes).first()
    if last is None:
        return []
    rows = [last]
    for row in mine.filter(seq__lt=last.seq)[:_MOST_UNDONE]:
        if row.undoes is not None or (rows[-1].created_at - row.created_at).total_seconds() > pause:
            break
        rows.append(row)
    return rows[::-1]


def writers(session_id: int, client_ids: Iterable[int]) -> dict[int, int]:
    """Whose these clients of Yjs are: user ids by client id."""
    rows = Writer.objects.filter(session=session_id, client_id__in=set(client_ids))
    return dict(rows.values_list("client_id", "user_id"))


def sessions_to_compact(updates: int) -> list[int]:
    """The ids of sessions with at least so many updates since their last snapshot."""
    rows = Session.objects.raw(
        """
        SELECT s.id FROM collab_session s
        WHERE s.head - COALESCE((SELECT max(seq) FROM collab_snapshot WHERE session_id = s.id), 0) >= %s
        """,
        [updates],
    )
    return [session.pk for session in rows]


def access_version(session_id: int, version_id: str) -> Version:
    """A version of a session the caller may read.

    Raises:
        CommandError: `not_found`.
    """
    version = None
    if version_id.isascii() and version_id.isdecimal() and len(version_id) < 19:
        version = Version.objects.filter(session=session_id, pk=int(version_id)).first()
    if version is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    return version


def versions_of(session_id: int) -> list[Version]:
    """The named versions of a session, the newest first."""
    return list(Version.objects.filter(session=session_id).select_related("author"))


# --- Fields, comments and the timeline ------------------------------------------------------------


def fields_of(session_id: int) -> list[Field]:
    """The fields of a session."""
    return list(Field.objects.filter(session=session_id).order_by("kind", "name"))


def locked_fields(session_id: int, kind: Kind, names: Iterable[str]) -> dict[str, Field]:
    """Those of these fields that exist, by name; the session is locked."""
    fields = Field.objects.filter(session=session_id, kind=kind, name__in=list(names))
    return {field.name: field for field in fields}


def comments_of(session_id: int) -> list[Comment]:
    """The comments of a session, the oldest first."""
    return list(Comment.objects.filter(session=session_id).select_related("author"))


def access_comment(session_id: int, comment_id: str) -> Comment:
    """A comment of a session the caller may read.

    Raises:
        CommandError: `not_found`.
    """
    comment = None
    if comment_id.isascii() and comment_id.isdecimal() and len(comment_id) < 19:
        comment = Comment.objects.filter(session=session_id, pk=int(comment_id)).first()
    if comment is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    return comment


def timeline(session_id: int, before: int | None, limit: int) -> list[Entry]:
    """What happened in a session, the newest first: a page of it, from before the entry with this id."""
    entries = Entry.objects.filter(session=session_id).select_related("user")
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return list(entries[:limit])


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much one user did in a session."""

    user_id: int
    updates: int
    comments: int
    field_edits: int


def contributions(session_id: int) -> list[Contribution]:
    """How much each user did in a session, by user id."""
    updates = _per_user(Update.objects.filter(session=session_id), "author")
    comments = _per_user(Comment.objects.filter(session=session_id), "author")
    edits = _per_user(Entry.objects.filter(session=session_id, what="edited"), "user")
    return [
        Contribution(user_id, updates.get(user_id, 0), comments.get(user_id, 0), edits.get(user_id, 0))
        for user_id in sorted(updates.keys() | comments.keys() | edits.keys())
    ]


def _per_user(rows: "QuerySet[Update] | QuerySet[Comment] | QuerySet[Entry]", user: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(user).annotate(Count("id")))
