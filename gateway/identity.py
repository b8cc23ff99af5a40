"""Who a client is: a token is checked, then its user and session are read from the database."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken

from gateway.countries import country_of
from gateway.errors import CommandError, ErrorCode

SESSION_CLAIM = "sessionId"


@dataclass(frozen=True, slots=True)
class Identity:
    """An authenticated user in one session. Roles are re-read for each privileged command.

    Attributes:
        expires_at: when the token ends, in seconds since the epoch; 0 for a browser's Django session.
        country: where the client is, as far as its address tells; empty when it is not known.
    """

    user_id: str
    username: str
    avatar: str
    og_level: int
    session_id: str
    is_moderator: bool = False
    expires_at: float = 0.0
    country: str = ""

    def at(self, address: str) -> "Identity":
        """The same, for a client at this network address."""
        return replace(self, country=country_of(address))


# (user id, session id, token's end) -> the user, or None when the user or the session is no longer welcome.
Loader = Callable[[str, str, float], Identity | None]


@cache
def _loader() -> Loader:
    return cast(Loader, import_string(settings.GATEWAY_IDENTITY_LOADER))


def bearer(header: str) -> str:
    """The token in an `Authorization` header, with or without `Bearer `."""
    scheme, _, rest = header.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else header.strip()


def identify(token: object) -> Identity:
    """Who `token` speaks of. Runs in a database thread.

    Raises:
        CommandError: `authentication_required` without a token; `invalid_token` when it is wrong, expired,
            or its user or session is no longer welcome.
    """
    if token is None or token == "":
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    if not isinstance(token, str):
        raise CommandError(ErrorCode.INVALID_TOKEN)
    try:
        claims = AccessToken(bearer(token))  # type: ignore[arg-type]
        user_id, session_id = str(claims[api_settings.USER_ID_CLAIM]), str(claims[SESSION_CLAIM])
        expires_at = float(claims["exp"])
    except (TokenError, KeyError, ValueError) as error:
        raise CommandError(ErrorCode.INVALID_TOKEN) from error
    return identify_session(user_id, session_id, expires_at)


def identify_session(user_id: str, session_id: str, expires_at: float = 0.0) -> Identity:
    """The user of a session that something else has authenticated, such as a Django session.

    Raises:
        CommandError: `invalid_token` when the user or the session is no longer welcome.
    """
    identity = _loader()(user_id, session_id, expires_at)
    if identity is None:
        raise CommandError(ErrorCode.INVALID_TOKEN)
    return identity
