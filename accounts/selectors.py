"""Reading people and sessions."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from accounts.models import Session, User
from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity


def load_identity(user_id: str, session_id: str, expires_at: float) -> Identity | None:
    """The user of an open session, for the gateway; one query.

    Raises:
        CommandError: `banned`.
    """
    session = (
        Session.objects.select_related("user")
        .filter(id=session_id, user_id=user_id, revoked_at__isnull=True, user__is_active=True)
        .first()
    )
    if session is None:
        return None
    user = session.user
    if user.is_banned:
        raise CommandError(ErrorCode.BANNED)
    return Identity(
        user_id=str(user.pk),
        username=user.username,
        avatar=user.avatar,
        og_level=user.og_level,
        session_id=str(session.pk),
        is_moderator=user.is_moderator,
        expires_at=expires_at,
    )


def user_by_name(username: str) -> User | None:
    """The user called `username`, in any case."""
    return User.objects.filter(username__iexact=username).first()


def users_by_names(usernames: set[str]) -> dict[str, User]:
    """The users with these names, by name in lower case; one query."""
    if not usernames:
        return {}
    users = get_user_model().objects.extra(where=["lower(username) = ANY(%s)"], params=[list(usernames)])
    return {user.username.lower(): user for user in users}


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a user must be true at the moment coins move, whatever was known when they connected."""

    is_welcome: bool
    og_level: int


def standing(user_ids: Iterable[int]) -> dict[int, Standing]:
    """How users stand now, by id; one query."""
    users = User.objects.filter(pk__in=set(user_ids)).only("is_active", "is_banned", "og_level")
    return {user.pk: Standing(user.is_active and not user.is_banned, user.og_level) for user in users}


def open_sessions(user: User) -> list[Session]:
    """The user's signed-in devices, newest first."""
    return list(user.sessions.filter(revoked_at__isnull=True))
