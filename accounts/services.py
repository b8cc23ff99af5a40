"""Registering, signing in and out, and ending sessions. Every way a session ends closes its sockets everywhere."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.evasion import device_fingerprint, flag_evasion, network_fingerprint
from accounts.models import ERASED, EvasionFlag, Session, User, Violation
from gateway.countries import country_of
from gateway.database import write_rows
from gateway.errors import BANNED, INVALID_TOKEN, CloseCode, CommandError, ErrorCode
from gateway.identity import SESSION_CLAIM
from gateway.publish import change_level, close_sockets
from gateway.rooms import user_room
from gateway.user_presence import LastSeen
from gateway.violations import Violation as Counted


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client gets when it signs in or refreshes."""

    access: str
    refresh: str
    user: User
    session: Session


def register(*, username: str, password: str) -> User:
    """Make a user.

    Raises:
        CommandError: `invalid_payload` when the name is taken or not allowed, or the password is too weak.
    """
    if username.lower().startswith(ERASED):
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: That name is taken.")
    user = User(username=username)
    try:
        validate_password(password, user)
        user.set_password(password)
        user.full_clean(exclude=["last_login"])
        with transaction.atomic(durable=True):
            user.save()
    except ValidationError as error:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error.messages[0]}") from error
    except IntegrityError as error:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: That name is taken.") from error
    return user


def sign_in(*, username: str, password: str, user_agent: str, address: str, device_id: str = "") -> Tokens:
    """Open a session for whoever knows the password.

    Args:
        address: where they sign in from; wrong passwords count against it.
        device_id: what the app calls its device.

    Raises:
        CommandError: `invalid_credentials`, `banned`, or `rate_limited` after too many wrong passwords.
    """
    user = authenticate(username=username, password=password, address=address)
    if not isinstance(user, User):
        raise CommandError(ErrorCode.INVALID_CREDENTIALS)
    if user.is_banned:
        raise CommandError(ErrorCode.BANNED)
    return open_session(user=user, user_agent=user_agent, address=address, device_id=device_id)


def open_session(*, user: User, user_agent: str, address: str = "", device_id: str = "") -> Tokens:
    """Open a session for `user`, who has proved who they are.

    Args:
        address: where from.
        device_id: what the app calls its device; a signal for moderators, and no proof of anything.
    """
    session = Session(
        user=user,
        user_agent=user_agent[:200],
        address=address,
        country=country_of(address),
        device=device_fingerprint(device_id),
        network=network_fingerprint(address),
    )
    refresh = _refresh_token(session)
    session.refresh_jti = refresh["jti"]
    with transaction.atomic(durable=True):
        session.save()
        flag_evasion(session)
    return Tokens(str(access_token(session)), str(refresh), user, session)


def refresh(*, token: str) -> Tokens:
    """Trade a refresh token for new tokens; it is worth nothing afterwards.

    A token that was traded before is in two hands: its session ends, and with it all its sockets.

    Raises:
        CommandError: `invalid_token`, or `banned`.
    """
    try:
        old = RefreshToken(token)  # type: ignore[arg-type]
        session_id, jti = UUID(str(old[SESSION_CLAIM])), str(old["jti"])
    except (TokenError, KeyError, ValueError) as error:
        raise CommandError(ErrorCode.INVALID_TOKEN) from error
    with transaction.atomic(durable=True):
        session = Session.objects.select_for_update(of=("self",)).select_related("user").filter(id=session_id).first()
        if session is None or session.revoked_at is not None or not session.user.is_active:
            raise CommandError(ErrorCode.INVALID_TOKEN)
        if session.user.is_banned:
            raise CommandError(ErrorCode.BANNED)
        reused = session.refresh_jti != jti
        if reused:
            _revoke([session], "refresh_reused", INVALID_TOKEN)
        else:
            new = _refresh_token(session)
            session.refresh_jti = new["jti"]
            session.last_seen_at = timezone.now()
            session.save(update_fields=["refresh_jti", "last_seen_at"])
    if reused:
        raise CommandError(ErrorCode.INVALID_TOKEN)
    return Tokens(str(access_token(session)), str(new), session.user, session)


def access_token(session: Session) -> AccessToken:
    """A new access token for an open session."""
    token = AccessToken.for_user(session.user)
    token[SESSION_CLAIM] = str(session.pk)
    return token


def sign_out(*, user: User, session_id: str) -> None:
    """End one session of `user` and close its sockets on every process."""
    with transaction.atomic(durable=True):
        sessions = list(Session.objects.select_for_update().filter(pk=session_id, user=user, revoked_at__isnull=True))
        _revoke(sessions, "signed_out", INVALID_TOKEN)


def sign_out_everywhere(*, user: User, keep_session_id: str = "") -> None:
    """End every session of `user`, but for one that may stay, and close their sockets on every process."""
    with transaction.atomic(durable=True):
        _revoke(_open_sessions(user, keep_session_id), "signed_out_everywhere", INVALID_TOKEN)


def change_password(*, user: User, old_password: str, new_password: str, keep_session_id: str = "") -> None:
    """Set a new password and end every other session of `user`.

    Raises:
        CommandError: `invalid_credentials`, or `invalid_payload` when the new password is too weak.
    """
    if not user.check_password(old_password):
        raise CommandError(ErrorCode.INVALID_CREDENTIALS)
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error.messages[0]}") from error
    with transaction.atomic(durable=True):
        user.set_password(new_password)
        user.save(update_fields=["password"])
        _revoke(_open_sessions(user, keep_session_id), "password_changed", INVALID_TOKEN)


def end_sessions(*, user: User, reason: str, code: CloseCode = INVALID_TOKEN) -> None:
    """End every session of `user` in the caller's transaction, as after a demotion or a new password."""
    _revoke(_open_sessions(user, ""), reason, code)


def ban(*, user: User) -> None:
    """Keep `user` out, and close every socket they have on every process."""
    with transaction.atomic(durable=True):
        shut_out(user_id=user.pk)


def unban(*, user: User) -> None:
    """Let `user` in again."""
    let_in(user_ids=[user.pk])


def shut_out(*, user_id: int) -> None:
    """Keep a user out, and close every socket of theirs on every process, in the caller's transaction."""
    User.objects.filter(pk=user_id).update(is_banned=True)
    sessions = Session.objects.select_for_update().filter(user=user_id, revoked_at__isnull=True)
    _revoke(list(sessions), "banned", BANNED)


def close_account(*, user: User) -> None:
    """End every session of a user for good: they cannot sign in any more. Again, it has no effect."""
    with transaction.atomic(durable=True):
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
        _revoke(_open_sessions(user, ""), "erased", INVALID_TOKEN)


def end_sessions_on(*, device: str) -> None:
    """End every session on a device nobody may come from any more, in the caller's transaction."""
    sessions = Session.objects.select_for_update().filter(device=device, revoked_at__isnull=True)
    _revoke(list(sessions), "banned", BANNED)


def let_in(*, user_ids: Collection[int]) -> None:
    """Let users in again, in the caller's transaction."""
    User.objects.filter(pk__in=user_ids).update(is_banned=False)


def resolve_evasion(*, flag_ids: Sequence[int]) -> None:
    """Close flags of new accounts that may be banned users'."""
    EvasionFlag.objects.filter(pk__in=flag_ids, resolved_at__isnull=True).update(resolved_at=timezone.now())


def resolve_evasion_of(*, user_ids: Collection[int]) -> None:
    """Close the flags of accounts somebody has looked at, in the caller's transaction."""
    EvasionFlag.objects.filter(user__in=user_ids, resolved_at__isnull=True).update(resolved_at=timezone.now())


def note_last_seen(rows: Sequence[LastSeen]) -> None:
    """Write down when sessions had a device last; one statement."""
    with transaction.atomic(durable=True):
        write_rows(
            """
            UPDATE accounts_session AS s SET last_seen_at = greatest(s.last_seen_at, to_timestamp(m.at))
            FROM json_to_recordset(%s) AS m(id uuid, at float8) WHERE s.id = m.id
            """,
            rows,
        )


def note_violations(violations: Sequence[Counted]) -> None:
    """Write down refusals by a limit for moderators to see; one insert."""
    users = User.objects.in_bulk({int(violation.user_id) for violation in violations if violation.user_id})
    Violation.objects.bulk_create(
        Violation(
            user=users.get(int(violation.user_id or 0)),
            address=violation.address,
            code=violation.code,
            event=violation.event,
            blocked_seconds=violation.blocked_seconds,
            at=violation.at,
        )
        for violation in violations
    )


def set_og_level(*, user_id: int, level: int) -> None:
    """Keep a user's loyalty tier with the user and with their sockets, in the caller's transaction."""
    User.objects.filter(pk=user_id).update(og_level=level)
    change_level(user_room(str(user_id)), level)


def _open_sessions(user: User, keep_session_id: str) -> list[Session]:
    sessions = Session.objects.select_for_update().filter(user=user, revoked_at__isnull=True)
    return list(sessions.exclude(pk=keep_session_id) if keep_session_id else sessions)


def _revoke(sessions: list[Session], reason: str, code: CloseCode) -> None:
    for session in sessions:
        session.revoked_at = timezone.now()
        session.revoked_reason = reason
        session.save(update_fields=["revoked_at", "revoked_reason"])
        close_sockets(user_room(str(session.user_id)), code, reason, session=str(session.pk))


def _refresh_token(session: Session) -> RefreshToken:
    token = RefreshToken.for_user(session.user)
    token[SESSION_CLAIM] = str(session.pk)
    return token
