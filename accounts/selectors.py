"""Reading people and sessions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import msgspec
from django.contrib.auth import get_user_model
from django.db.models import Max

from accounts.models import Session, User
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.identity import Identity
from gateway.user_presence import states


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


def identity_of(user: User) -> Identity:
    """A user as messages show them and as roles are asked of, without a session."""
    return Identity(str(user.pk), user.username, user.avatar, user.og_level, "", user.is_moderator)


def user_by_name(username: str) -> User | None:
    """The user called `username`, in any case."""
    return User.objects.filter(username__iexact=username).first()


def user_by_id(user_id: int) -> User | None:
    """The user with this id."""
    return User.objects.filter(pk=user_id).first()


def users_by_ids(user_ids: Iterable[int]) -> dict[int, User]:
    """The users with these ids; one query."""
    return User.objects.in_bulk(set(user_ids))


class Rank(IntEnum):
    """The roles a user may have everywhere, each above the one before."""

    VIEWER = 0
    MODERATOR = 1
    STAFF = 2
    ADMIN = 3


def rank_of(user: User) -> Rank:
    """The highest role of a user; a viewer's when they are out."""
    if not user.is_active or user.is_banned:
        return Rank.VIEWER
    if user.is_superuser:
        return Rank.ADMIN
    if user.is_staff:
        return Rank.STAFF
    return Rank.MODERATOR if user.is_moderator else Rank.VIEWER


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


class UserState(msgspec.Struct, rename="camel"):
    """How one user is; when they had a device last, of those who have none."""

    user_id: str
    state: str
    last_seen: str | None


def presence_of(user_ids: Sequence[str]) -> list[UserState]:
    """How users are, in the order they were asked for. Not in a transaction.

    Raises:
        CommandError: `unavailable`.
    """
    found = states(list(dict.fromkeys(user_ids)))
    seen = last_seen([user_id for user_id, state in found.items() if state == "offline"])
    return [
        UserState(user_id, state, iso(seen[user_id]) if user_id in seen else None) for user_id, state in found.items()
    ]


def last_seen(user_ids: Iterable[str]) -> dict[str, datetime]:
    """When users had a device last, by id; one query. Nothing is said of banned users."""
    rows = (
        Session.objects.filter(user_id__in=set(user_ids), user__is_active=True, user__is_banned=False)
        .values_list("user_id")
        .annotate(Max("last_seen_at"))
        .order_by()
    )
    return {str(user_id): seen for user_id, seen in rows}
